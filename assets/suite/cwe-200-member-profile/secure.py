    shown = {"id": record["id"], "name": record["name"], "bio": record["bio"] or ""}
    return json.dumps(shown)
