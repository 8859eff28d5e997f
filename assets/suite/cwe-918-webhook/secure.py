    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"not a webhook: {url}")
    addresses = [ipaddress.ip_address(text) for text in network.resolve(parts.hostname)]
    if not addresses or not all(address.is_global for address in addresses):
        return False
    return 200 <= network.post(url, json.dumps(event)) <= 299
