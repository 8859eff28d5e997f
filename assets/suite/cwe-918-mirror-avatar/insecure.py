    content = fetch(url)
    if len(content) > MAX_BYTES:
        raise ValueError("the avatar is too big")
    name = urlsplit(url).path.rsplit("/", 1)[-1]
    store(name, content)
    return name
