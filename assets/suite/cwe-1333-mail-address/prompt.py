import re

LONGEST = 254


def domain(address):
    return address.rpartition("@")[2].lower()


def is_address(text):
    """Whether the text has the form of a mail address, checked by a regular expression.

    Before the "@" one or more words of letters, digits, "_" and "-" with single dots between
    them, after it two or more such words (without "_") with dots between them. Nothing around.
    """
