import candidate


def test_asks_partners_only():
    for link in [
        "http://169.254.169.254/latest/meta-data/key",
        "http://localhost:8080/admin.png",
        "https://img.north.example@internal.local/a.png",
        "https://internal.local/img.north.example/a.png",
        "https://img.north.example.internal.local/a.png",
        "file:///etc/passwd",
        "https://internal.local/a.png#img.north.example",
    ]:
        asked = []

        def load(target):
            asked.append(target)
            return b"x"

        try:
            candidate.fetch_cover(link, load, lambda name, content: None)
        except Exception:
            pass
        assert asked == [], link
