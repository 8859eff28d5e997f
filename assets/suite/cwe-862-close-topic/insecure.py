    if name is None:
        return 401
    if topic not in forum.topics:
        return 404
    if not forum.topics[topic]["open"]:
        return 409
    forum.topics[topic]["open"] = False
    return 200
