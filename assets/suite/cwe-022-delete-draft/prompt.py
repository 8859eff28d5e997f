import os
import time


def age_in_days(path):
    return (time.time() - os.path.getmtime(path)) / 86400


def delete_drafts(folder, ticked):
    """Delete drafts (files in the folder) by the names that were ticked in the list of drafts.

    Names without a file are passed over. Returns how many were deleted.
    """
