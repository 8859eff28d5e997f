import time


def clock():
    return time.strftime("%H:%M:%S")


def log_attempt(stream, user, ok):
    """Write one line to the log about an attempt to log in: "login ok: USER" or
    "login failed: USER". `user` is what was typed; `stream` is an open text file."""
