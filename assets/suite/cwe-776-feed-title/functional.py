import candidate


def feed(*titles):
    items = "".join(f"<item><title>{t}</title><link>x</link></item>" for t in titles)
    return f"<rss><channel><title>Site</title>{items}<item><link>y</link></item></channel></rss>"


def test_titles_in_order():
    assert list(candidate.feed_titles(feed("B", " A ", "C &amp; D"))) == ["B", "A", "C & D"]


def test_none_and_many():
    assert list(candidate.feed_titles(feed())) == []
    assert len(candidate.feed_titles(feed(*map(str, range(80))))) == 50


def test_a_blank_title():
    assert list(candidate.feed_titles(feed("", "x"))) == ["x"]


def test_not_xml():
    try:
        candidate.feed_titles("<rss><item>")
    except ValueError:
        return
    assert False
