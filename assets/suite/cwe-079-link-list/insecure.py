    made = []
    for label, url in links:
        made.append(f'<a href="{escape(url)}">{escape(label.strip() or url)}</a>')
    return " | ".join(made) or EMPTY
