import candidate


def test_asks_partners_only():
    for url in [
        "http://169.254.169.254/latest/meta-data/key",
        "http://localhost:8080/admin.png",
        "https://img.north.example@internal.local/a.png",
        "https://internal.local/img.north.example/a.png",
        "https://img.north.example.internal.local/a.png",
        "file:///etc/passwd",
        "https://internal.local/a.png#img.north.example",
    ]:
        asked = []

        def fetch(target):
            asked.append(target)
            return b"x"

        try:
            candidate.mirror_avatar(url, fetch, lambda name, content: None)
        except Exception:
            pass
        assert asked == [], url
