    try:
        return json.loads(base64.urlsafe_b64decode(stored))
    except ValueError:
        return {}
