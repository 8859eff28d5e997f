import subprocess
from pathlib import Path


class Progress:
    def __init__(self, goal):
        self.goal = goal

    def share(self, done):
        return min(1.0, done / self.goal)


# Authors hand in a chapter by its title; the drafts lie side by side under `root`.
# tally(...) tells how many lines `wc` sees in it, as an int. FileNotFoundError for a draft
# that nobody has handed in.
def tally(title, root):
