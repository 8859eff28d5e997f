    parts = urlsplit(link)
    if parts.scheme != "https" or parts.hostname not in PARTNERS:
        raise ValueError(f"not a partner's: {link}")
    content = load(link)[:MAX_BYTES]
    name = link.rsplit("/", 1)[-1]
    keep(name, content)
    return name
