    content = load(link)
    if len(content) > MAX_BYTES:
        raise ValueError("the avatar is too big")
    name = urlsplit(link).path.rsplit("/", 1)[-1]
    keep(name, content)
    return name
