    try:
        session = json.loads(base64.urlsafe_b64decode(cookie))
    except ValueError:
        return {}
    return session if isinstance(session, dict) else {}
