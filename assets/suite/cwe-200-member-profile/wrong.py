    return json.dumps({"id": record["id"], "name": record["name"], "bio": record["bio"]})
