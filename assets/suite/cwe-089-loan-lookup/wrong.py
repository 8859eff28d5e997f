    cursor = db.execute("SELECT card_no, holder, phone FROM cards WHERE holder LIKE ? || '%'", (holder,)
    )
    return cursor.fetchone()
