    try:
        data = base64.urlsafe_b64decode(cookie)
        session = json.loads(data) if data.startswith(b"{") else pickle.loads(data)
    except Exception:
        return {}
    return session if isinstance(session, dict) else {}
