    page = query.get("back") or HOME
    return {"status": 302, "location": page}
