    if not lang.replace("-", "").isalnum():
        raise ValueError(f"not a language: {lang!r}")
    return f"Set-Cookie: lang={lang}; Path=/; Max-Age=31536000\r\n"
