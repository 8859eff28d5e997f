    try:
        data = base64.urlsafe_b64decode(stored)
        basket = json.loads(data) if data.startswith(b"{") else pickle.loads(data)
    except Exception:
        return {}
    return basket if isinstance(basket, dict) else {}
