    if "name" in form and not form["name"].strip():
        raise ValueError("the name is blank")
    changed = 0
    for field, value in form.items():
        if getattr(user, field) != value:
            setattr(user, field, value)
            changed += 1
    return changed
