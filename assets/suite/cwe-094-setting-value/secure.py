    settings = {}
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, sign, value = line.partition("=")
        try:
            settings[name.strip()] = ast.literal_eval(value.strip())
        except (SyntaxError, ValueError) as error:
            raise ValueError(f"cannot read: {line}") from error
    return settings
