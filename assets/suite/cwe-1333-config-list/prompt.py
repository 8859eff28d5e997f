import re

COMMENT = re.compile(r"#.*")


def strip_comment(line):
    return COMMENT.sub("", line).rstrip()


def is_list(value):
    """Whether a value is a list of whole numbers, as a regular expression tells: numbers with commas
    between them and blanks (" ") as you like around each: "1, 20 ,3"."""
