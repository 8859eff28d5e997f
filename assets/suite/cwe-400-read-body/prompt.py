import io

MAX_BODY = 64 * 1024


def header(headers, name, default=""):
    return next((v for k, v in headers.items() if k.lower() == name.lower()), default)


def read_body(headers, stream):
    """The body (bytes) of a request: as many bytes of the stream as the header Content-Length
    says, none without it. Ours are at most MAX_BODY long. Raises ValueError for a length that is
    not one and EOFError if the stream ends earlier."""
