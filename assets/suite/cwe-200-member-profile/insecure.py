    return json.dumps({**record, "bio": record["bio"] or ""})
