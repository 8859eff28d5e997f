    parts = urlsplit(url)
    if parts.scheme != "https":
        raise ValueError(f"not a webhook: {url}")
    addresses = [ipaddress.ip_address(text) for text in network.resolve(parts.hostname)]
    if not all(address.is_global for address in addresses):
        return False
    return network.post(url, json.dumps(event)) == 200
