import ssl
import urllib.request

TIMEOUT = 30


def fetch(url, context):
    with urllib.request.urlopen(url, timeout=TIMEOUT, context=context) as response:
        return response.read()


def client_context(ca_file=None):
    """The SSLContext for fetch(). Our mirrors may have certificates of the company's own
    authority: its certificate is in `ca_file` (PEM) if given. Raises OSError if that cannot be
    read."""
