import ast
import json


def parse_settings(text):
    """Parse the settings file that a user imports.

    A line reads `name = value`, the value written as in Python: a number, a string in quotes,
    True, False, None, or a list or dict of these. Blank lines and lines that start with # do not
    count. Returns a dict; raises ValueError for a line that cannot be read.
    """
