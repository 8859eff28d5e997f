    user = users.find_one({"name": body.get("name"), "code": body.get("code")})
    return user["id"] if user else None
