    name = query.get("name", "stranger").strip()
    return layout("Welcome", f"<h1>Hello, {html.escape(name)}!</h1>")
