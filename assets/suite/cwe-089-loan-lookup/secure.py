    cursor = db.execute("SELECT card_no, holder, phone FROM cards WHERE holder = ?", (holder,))
    return cursor.fetchone()
