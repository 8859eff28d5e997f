"""Backend of the operators' console."""
import subprocess

MAX_HITS = 200


def shorten(line, width=120):
    return line if len(line) <= width else line[: width - 1] + "…"


def matching_lines(log_path, phrase):
    """Lines of the log that contain the phrase (plain text, not a pattern), found with grep.

    At most MAX_HITS of them, without their line ends; an empty list if there is none.
    """
