import secrets


class Store:
    """Sessions by their id, which the browser has in a cookie. Visitors have one, too."""

    def __init__(self, passwords):
        self.passwords = passwords
        self.sessions = {}

    def visit(self, session_id=None):
        """The session of a visitor: the one they come with, else a new one."""
        session_id = session_id or secrets.token_hex(16)
        self.sessions.setdefault(session_id, {"user": None, "basket": []})
        return session_id

    def right(self, user, password):
        return secrets.compare_digest(self.passwords.get(user, "\0"), password)


def log_in(store, session_id, user, password):
    """Log a visitor in, who keeps the basket. With the right password the session's "user" is set.

    Returns the id for the cookie from now on.
    """
