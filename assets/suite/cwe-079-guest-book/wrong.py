    if not entries:
        return "<p>No comments yet.</p>"
    items = []
    for entry in sorted(entries, key=lambda c: c["day"]):
        words = escape(entry["words"].replace("\n", "<br>"))
        items.append(f"<li><b>{escape(entry['guest'])}</b>: {words}</li>")
    return "<ul>" + "".join(items) + "</ul>"
