    page = query.get("back") or HOME
    plain = page.startswith("/") and not page.startswith(("//", "/\\"))
    if not plain or any(c in page for c in "\t\r\n"):
        page = HOME
    return {"status": 302, "location": page}
