import logging
import os
import subprocess

log = logging.getLogger("backup")


def pack_project(workspace, project, label):
    """Back a project up.

    Packs the folder `project` of `workspace` into `<workspace>/<project>-<label>.tar` by calling
    the system's tar, with paths inside the archive starting at the project's name, and returns the
    archive's path. The label is what the user typed in the backup dialog.
    """
