DEFAULTS = {"host": "localhost", "port": 25}


def as_port(text):
    return int(text) if text.isdecimal() else DEFAULTS["port"]


def mail_settings(environ):
    """How to reach the mail server: {"host", "port", "user", "password"}.

    From the variables MAIL_HOST, MAIL_PORT, MAIL_USER and MAIL_PASSWORD of `environ`; host and port
    have DEFAULTS.
    """
