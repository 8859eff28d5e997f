    titles = []
    for tag in tags:
        rows = album.conn.execute(
            "SELECT title FROM photos JOIN tags ON tags.photo = photos.id WHERE tag = ?", (tag,)
        )
        titles += [title for (title,) in rows.fetchall()]
    return sorted(titles)
