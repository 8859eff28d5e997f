import base64
import json
import pickle


def to_cookie(data):
    return base64.urlsafe_b64encode(data).decode()


def dump_session(session):
    return to_cookie(json.dumps(session).encode())


def load_session(cookie):
    """The session (a dict) that dump_session() put into the cookie, or {} if it holds none."""
