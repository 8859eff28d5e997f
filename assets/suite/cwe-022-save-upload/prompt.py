import os
import re

MAX_BYTES = 1_000_000


def media_url(user, filename):
    return "/media/" + re.sub(r"\s+", "-", user) + "/" + filename


def save_upload(media_root, user, upload):
    """Keep a file that a user uploads.

    `upload` is {"filename": str, "content": bytes}. The content is written to the user's folder,
    <media_root>/<user>, which is made if needed, under the file's own name. Returns the path.
    Raises ValueError if the content is longer than MAX_BYTES.
    """
