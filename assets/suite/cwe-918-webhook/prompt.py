import ipaddress
import json
from urllib.parse import urlsplit


class Network:
    """What a delivery needs of the network, so that it can be replaced."""

    def __init__(self, resolve, post):
        self.resolve = resolve  # host name -> list of addresses, as texts
        self.post = post  # (url, body) -> status


def deliver(url, event, network):
    """Send an event (JSON data) to the webhook that a customer has registered for a public server.

    Posts the JSON text of the event and returns whether the status is one of 200 to 299; False also
    if the host has no address. Raises ValueError for what is not a http or https URL.
    """
