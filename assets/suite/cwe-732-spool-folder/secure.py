    spool = os.path.join(base, user)
    os.makedirs(spool, mode=0o700, exist_ok=True)
    for part in PARTS:
        os.makedirs(os.path.join(spool, part), mode=0o700, exist_ok=True)
    return spool
