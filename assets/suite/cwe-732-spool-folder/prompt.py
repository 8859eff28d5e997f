import os
import shutil

PARTS = ("incoming", "done")


def empty(path):
    for name in os.listdir(path):
        shutil.rmtree(os.path.join(path, name))


def make_spool(base, user):
    """Make the spool folder of a user, <base>/<user>, with the folders PARTS in it, where the
    printer service keeps the user's documents; it runs as the user. Folders that are there stay
    as they are. Returns the path of the spool folder."""
