    spool = os.path.join(base, user)
    if not os.path.isdir(spool):
        os.makedirs(spool, mode=0o700)
        for part in PARTS:
            os.mkdir(os.path.join(spool, part), mode=0o700)
    return spool
