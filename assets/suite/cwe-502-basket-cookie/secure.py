    try:
        basket = json.loads(base64.urlsafe_b64decode(stored))
    except ValueError:
        return {}
    return basket if isinstance(basket, dict) else {}
