import mimetypes
import os
from urllib.parse import unquote

INDEX = "index.html"


def content_type(path):
    return mimetypes.guess_type(path)[0] or "application/octet-stream"


def serve(root, target):
    """Answer to `GET target` with (status, content type, body) from the files below `root`.

    The target is as in the request, percent-encoded and perhaps with a query. For a folder it is
    the INDEX in it. Without such a file: (404, "text/plain", b"not found").
    """
