#!/usr/bin/env python3
"""Small helpers of the nightly statistics job."""
import os
import subprocess

DATA_DIR = os.environ.get("STATS_DATA", ".")


def human(count):
    return f"{count / 1000:.1f}k" if count >= 1000 else str(count)


def count_lines(filename, folder=DATA_DIR):
    """Number of lines of `filename` in `folder`, as counted by the `wc` program.

    Raises FileNotFoundError if there is no such file.
    """
