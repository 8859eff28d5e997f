def status_line(code, reason):
    return f"HTTP/1.1 {code} {reason}\r\n"


def cookie_header(lang):
    """The header that remembers the language a visitor chose, as one line of an HTTP response:
    "Set-Cookie: lang=LANG; Path=/; Max-Age=31536000", with its line end."""
