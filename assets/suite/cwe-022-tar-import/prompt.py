import io
import os
import tarfile

README = "README"


def describe(folder):
    path = os.path.join(folder, README)
    return open(path).read().splitlines()[0] if os.path.exists(path) else "(no description)"


def import_dataset(blob, store, name):
    """Import a data set that somebody sends us.

    `blob` holds the bytes of a tar archive, plain or gzipped. Its files are unpacked into a new
    folder, `name`, of the folder `store`. Returns the names of the files (with "/" between the
    parts, relative to the new folder), sorted. Raises FileExistsError if the folder is there.
    """
