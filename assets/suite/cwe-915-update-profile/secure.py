    if "name" in form and not form["name"].strip():
        raise ValueError("the name is blank")
    changed = 0
    for field in ("name", "city", "language"):
        if field in form and getattr(user, field) != form[field]:
            setattr(user, field, form[field])
            changed += 1
    return changed
