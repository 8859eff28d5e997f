    name = query.get("name", "").strip() or "stranger"
    return layout("Welcome", f"<h1>Hello, {html.escape(name)}!</h1>")
