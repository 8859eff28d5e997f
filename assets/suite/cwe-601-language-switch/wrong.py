    page = urlsplit(query.get("back", ""))
    path = "/" + page.path.replace("\\", "/").lstrip("/\t\r\n")
    return {"status": 302, "location": path if path != "/" else HOME}
