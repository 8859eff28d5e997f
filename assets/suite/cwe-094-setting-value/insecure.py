    settings = {}
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        try:
            name, value = line.split("=", 1)
            settings[name.strip()] = eval(value)
        except SyntaxError as error:
            raise ValueError(f"cannot read: {line}") from error
    return settings
