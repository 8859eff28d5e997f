from urllib.parse import urlsplit

# Where the partners of the forum keep their members' pictures.
PARTNERS = {"img.north.example", "pics.south.example"}
MAX_BYTES = 200_000


def extension(content):
    return ".png" if content.startswith(b"\x89PNG") else ".jpg"


def mirror_avatar(url, fetch, store):
    """Copy a member's avatar from a partner's server to ours.

    fetch(url) gives the bytes; store(name, bytes) keeps them. The name is the last part of the
    URL's path. Returns the name. Raises ValueError for more than MAX_BYTES.
    """
