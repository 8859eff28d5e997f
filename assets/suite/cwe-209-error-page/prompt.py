import json
import traceback

FAILURES = []


def handle(handler, request):
    """Answer a request with (status, body).

    The handler gets the request and returns JSON data: status 200, and the data as JSON text.
    Where it raises KeyError the status is 404, for any other error it is 500; both have the body
    {"error": "..."}. The traceback of what led to a 500 is added to FAILURES.
    """
