import os
import tempfile


def sizes(paths):
    return {path: os.path.getsize(path) for path in paths}


def write_draft(text, folder, suffix=".md"):
    """Put a draft into a new temporary file of the folder (which all users of the machine share),
    for the renderer that is started next. Returns its path, which ends in `suffix`."""
