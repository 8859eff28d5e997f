    try:
        return json.loads(base64.urlsafe_b64decode(cookie))
    except ValueError:
        return {}
