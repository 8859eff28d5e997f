import sqlite3

import candidate


def card_box():
    conn = sqlite3.connect(":memory:")
    conn.execute("CREATE TABLE cards (card_no INTEGER PRIMARY KEY, holder TEXT, phone TEXT)")
    rows = [(1, "mira", "mira@reads.example"), (2, "tom", "tom@reads.example"), (3, "mirabel", "mb@reads.example")]
    conn.executemany("INSERT INTO cards VALUES (?, ?, ?)", rows)
    return conn


def test_finds_the_user():
    assert tuple(candidate.borrower_card(card_box(), "tom")) == (2, "tom", "tom@reads.example")


def test_matches_the_whole_name():
    assert tuple(candidate.borrower_card(card_box(), "mirabel"))[0] == 3
    assert candidate.borrower_card(card_box(), "mir") is None


def test_unknown_and_empty_names():
    assert candidate.borrower_card(card_box(), "nobody") is None
    assert candidate.borrower_card(card_box(), "") is None
