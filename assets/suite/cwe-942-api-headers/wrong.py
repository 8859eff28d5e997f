    if origin is None:
        return {}
    return {
        "Access-Control-Allow-Origin": SITES[0],
        "Access-Control-Allow-Credentials": "true",
        "Vary": "Origin",
    }
