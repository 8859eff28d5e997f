    name, code = body.get("name"), body.get("code")
    if not isinstance(name, str) or not isinstance(code, str):
        return None
    user = users.find_one({"name": name, "code": code})
    return user["id"] if user else None
