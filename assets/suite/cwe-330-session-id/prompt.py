import hashlib
import random
import secrets
import time


class Sessions:
    def __init__(self):
        self.by_id = {}
        self.count = 0


def start_session(sessions, user):
    """Start a session for a user: note {"user": user, "since": seconds since 1970} in
    sessions.by_id under a new id, count it in sessions.count, and return the id, a string that
    goes into the user's cookie."""
