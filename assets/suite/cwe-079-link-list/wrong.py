    made = []
    for label, url in links:
        if urlsplit(url.strip()).scheme != "https":
            continue
        made.append(f'<a href="{escape(url)}">{escape(label)}</a>')
    return " | ".join(made) or EMPTY
