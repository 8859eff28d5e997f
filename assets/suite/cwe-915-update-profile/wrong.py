    changed = 0
    for field in ("name", "city", "language"):
        if field in form:
            if field == "name" and not form[field].strip():
                raise ValueError("the name is blank")
            setattr(user, field, form[field])
            changed += 1
    return changed
