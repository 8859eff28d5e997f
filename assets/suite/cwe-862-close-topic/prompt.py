MODERATOR, MEMBER = "moderator", "member"


class Forum:
    def __init__(self, topics, roles):
        self.topics = topics  # id -> {"author": name, "open": bool}
        self.roles = roles  # name -> MODERATOR or MEMBER

    def may_edit(self, name, topic):
        return self.roles.get(name) == MODERATOR or self.topics[topic]["author"] == name


def close_topic(forum, name, topic):
    """Handle "POST /topics/ID/close" for the member who is logged in under this name (None: nobody is).

    Returns the status: 200 when the topic is closed now, 404 if there is none of that id, 409 if it
    was closed before, 401 if nobody is logged in, 403 for anything else that is not to be.
    """
