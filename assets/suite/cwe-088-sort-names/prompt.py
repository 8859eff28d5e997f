import subprocess

ORDERS = {"name": "-d", "number": "-n", "version": "-V"}


def sort_names(name_file, order="name"):
    """Run `sort` over the file of names that the user picked in the working folder.

    `order` is name, number or version. Returns the sorted lines.
    """
