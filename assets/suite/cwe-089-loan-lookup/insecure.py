    query = f"SELECT card_no, holder, phone FROM cards WHERE holder = '{holder}'"
    return db.execute(query).fetchone()
