import os
import shlex
import subprocess
import time

started = time.monotonic()


def uptime():
    return round(time.monotonic() - started)


def add_caption(tool, picture, caption):
    """Run our caption tool on a picture: `TOOL --text CAPTION PICTURE`.

    The caption is what a visitor typed, the tool and the picture are paths. Returns what the tool
    prints, stripped. Raises RuntimeError if it exits with another status than 0.
    """
