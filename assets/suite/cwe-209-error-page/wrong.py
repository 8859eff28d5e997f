    try:
        return 200, json.dumps(handler(request))
    except Exception:
        FAILURES.append(traceback.format_exc())
        return 500, json.dumps({"error": "something went wrong"})
