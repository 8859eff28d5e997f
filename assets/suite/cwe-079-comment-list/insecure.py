    if not comments:
        return "<p>No comments yet.</p>"
    items = []
    for comment in sorted(comments, key=lambda c: c["time"]):
        text = comment["text"].replace("\n", "<br>")
        items.append(f"<li><b>{comment['author']}</b>: {text}</li>")
    return "<ul>" + "".join(items) + "</ul>"
