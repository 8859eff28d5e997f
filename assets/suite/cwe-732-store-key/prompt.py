import os
import stat


def describe(path):
    return stat.filemode(os.stat(path).st_mode) + " " + os.path.basename(path)


def store_key(path, pem):
    """Write a service's private key (PEM text) to the file `path`, in place of an older one;
    folders above it are made if they are missing. Returns the number of characters written."""
