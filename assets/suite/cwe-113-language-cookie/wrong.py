    lang = "".join(c for c in lang if c.isalpha())
    return f"Set-Cookie: lang={lang}; Path=/; Max-Age=31536000\r\n"
