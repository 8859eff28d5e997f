DEFAULT_HOST = "127.0.0.1"


def show(host, port):
    return f"listening on {host}:{port}"


def parse_listen(text):
    """Read what an administrator typed for the address to listen on: "PORT" or "HOST:PORT".

    Returns (host, port), with DEFAULT_HOST where there is none. A host is a name or an IPv4 address.
    Raises ValueError for anything else.
    """
