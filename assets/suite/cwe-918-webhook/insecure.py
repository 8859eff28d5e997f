    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"not a webhook: {url}")
    if not network.resolve(parts.hostname):
        return False
    return 200 <= network.post(url, json.dumps(event)) <= 299
