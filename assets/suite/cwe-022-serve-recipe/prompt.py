import os
from collections import Counter


class Cookbook:
    def __init__(self, shelf):
        self.shelf = shelf  # where the recipes lie
        self.asked = Counter()


def popular(cookbook, count=3):
    # for the front page
    return [name for name, _ in cookbook.asked.most_common(count)]


# The recipe at `where`, e.g. "soups/leek.md", a path below the cookbook's shelf. Its text is
# returned; for a recipe that we do not have, None.
def recipe_text(cookbook, where):
