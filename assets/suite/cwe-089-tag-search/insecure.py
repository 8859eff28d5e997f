    if not tags:
        return []
    listed = ", ".join("'" + tag + "'" for tag in tags)
    rows = album.conn.execute(
        "SELECT DISTINCT title FROM photos JOIN tags ON tags.photo = photos.id "
        "WHERE tag IN (" + listed + ") ORDER BY title"
    )
    return [title for (title,) in rows.fetchall()]
