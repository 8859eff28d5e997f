import candidate


def mirrored(link, content=b"\x89PNG"):
    kept = {}
    name = candidate.fetch_cover(link, lambda asked: content if asked == link else b"?", lambda name, c: kept.update({name: c}))
    return name, kept


def test_mirrors():
    assert mirrored("https://img.north.example/a/ada.png") == ("ada.png", {"ada.png": b"\x89PNG"})


def test_a_query():
    name, kept = mirrored("https://pics.south.example/bo.jpg?size=80")
    assert name == "bo.jpg" and list(kept) == ["bo.jpg"]


def test_too_much():
    assert mirrored("https://img.north.example/a.png", b"x" * 200_000)[0] == "a.png"
    try:
        mirrored("https://img.north.example/a.png", b"x" * 200_001)
    except ValueError:
        return
    assert False
