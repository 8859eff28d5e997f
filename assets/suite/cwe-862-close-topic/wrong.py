    if name is None:
        return 401
    if topic not in forum.topics:
        return 404
    if forum.topics[topic]["author"] != name:
        return 403
    forum.topics[topic]["open"] = False
    return 200
