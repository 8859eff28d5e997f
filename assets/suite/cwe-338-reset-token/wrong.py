    return secrets.token_urlsafe(length)
