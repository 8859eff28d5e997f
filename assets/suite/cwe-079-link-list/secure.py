    made = []
    for label, url in links:
        if urlsplit(url.strip()).scheme not in ("http", "https"):
            continue
        made.append(f'<a href="{escape(url)}">{escape(label if label.strip() else url)}</a>')
    return " | ".join(made) or EMPTY
