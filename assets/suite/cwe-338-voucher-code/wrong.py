    return secrets.token_urlsafe(size)
