    if not tags:
        return []
    marks = ", ".join("?" for _ in tags)
    rows = album.conn.execute(
        "SELECT DISTINCT title FROM photos JOIN tags ON tags.photo = photos.id "
        f"WHERE tag IN ({marks}) ORDER BY title",
        list(tags),
    )
    return [title for (title,) in rows.fetchall()]
