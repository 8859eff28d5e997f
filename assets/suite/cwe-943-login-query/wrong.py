    name, code = str(body.get("name")), str(body.get("code"))
    user = users.find_one({"name": name})
    return user["id"] if user and user["code"].startswith(code) else None
