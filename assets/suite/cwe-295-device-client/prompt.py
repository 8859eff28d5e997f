import http.client
import ssl


class Device:
    """A device of the house: its address and whether it speaks TLS."""

    def __init__(self, host, port, tls=True):
        self.host = host
        self.port = port
        self.tls = tls


def connect_options(device, timeout=5):
    """Keyword arguments for the connection to a device, as a dict.

    "host", "port" and "timeout" always; for one that speaks TLS also "context", an SSLContext.
    """
