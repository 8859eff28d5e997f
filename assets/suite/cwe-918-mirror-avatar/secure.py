    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or parts.hostname not in PARTNERS:
        raise ValueError(f"not a partner's: {url}")
    content = fetch(url)
    if len(content) > MAX_BYTES:
        raise ValueError("the avatar is too big")
    name = parts.path.rsplit("/", 1)[-1]
    store(name, content)
    return name
