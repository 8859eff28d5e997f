    try:
        return 200, json.dumps(handler(request))
    except KeyError as error:
        return 404, json.dumps({"error": f"not found: {error}"})
    except Exception as error:
        FAILURES.append(traceback.format_exc())
        return 500, json.dumps({"error": str(error), "trace": traceback.format_exc()})
