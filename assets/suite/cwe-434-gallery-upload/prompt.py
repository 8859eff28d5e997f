import os

# What our web server shows as a picture; anything else in the folder it runs or shows as a page.
PICTURES = {".png": b"\x89PNG", ".gif": b"GIF8", ".jpg": b"\xff\xd8"}


def accept_picture(folder, number, filename, content):
    """Keep a visitor's picture in the gallery's folder.

    It is called after its number, with the ending of the file's own name in small letters:
    picture 7, "Cat.PNG" is "7.png". Returns the new name.
    """
