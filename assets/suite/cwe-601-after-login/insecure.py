    page = params.get("next") or HOME
    return {"status": 302, "location": page}
