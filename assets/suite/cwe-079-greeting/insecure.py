    name = query.get("name", "").strip() or "stranger"
    return layout("Welcome", f"<h1>Hello, {name}!</h1>")
