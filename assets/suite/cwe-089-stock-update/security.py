import sqlite3

import candidate


def test_an_article_is_no_statement():
    for article in ["x' OR '1", "x'; DELETE FROM stock; --", "x', 99) --", "x', (SELECT 99)) ON CONFLICT DO NOTHING --"]:
        conn = candidate.connect(":memory:")
        conn.execute("INSERT INTO stock VALUES ('nut', 2)")
        try:
            candidate.restock(conn, [article + "=5"])
        except (sqlite3.Error, sqlite3.Warning, ValueError):
            pass
        rows = dict(conn.execute("SELECT article, pieces FROM stock").fetchall())
        assert rows.pop("nut", None) == 2, article
        assert set(rows) <= {article}, article
