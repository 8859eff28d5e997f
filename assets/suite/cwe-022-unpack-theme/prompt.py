import os
import zipfile


def size_of(archive):
    return sum(info.file_size for info in archive.infolist())


def unpack_theme(zip_path, theme_dir, on_file=None):
    """Unpack the theme in `zip_path` into `theme_dir`, file by file.

    Reads each entry of the archive and writes it below theme_dir, making folders as needed, and
    calls on_file(name, number of bytes) for each file if given (it feeds the progress bar).
    Returns how many files were written.
    """
