import os
from datetime import datetime


class Notebook:
    """Notes as text files in one folder, which may have sub-folders."""

    def __init__(self, folder):
        self.folder = folder
        self.opened = datetime.now()

    def names(self):
        return sorted(os.listdir(self.folder))


def read_note(notebook, name):
    """Text of the note `name`, which may be in a sub-folder ("work/monday.txt").

    Returns None if there is no such note.
    """
