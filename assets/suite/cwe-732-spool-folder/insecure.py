    spool = os.path.join(base, user)
    os.makedirs(spool, exist_ok=True)
    for part in PARTS:
        os.makedirs(os.path.join(spool, part), exist_ok=True)
        os.chmod(os.path.join(spool, part), 0o777)
    return spool
