import os
import socket


def owner(path):
    with open(path) as file:
        return int(file.read())


def take_lock(name, folder="/tmp"):
    """Take the lock `name` for this process: <folder>/<name>.lock, which then holds our process id.

    All users of the machine share the folder. Returns the path, or None if the lock is taken.
    """
