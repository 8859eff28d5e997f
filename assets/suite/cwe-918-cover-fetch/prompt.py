import re
from urllib.parse import urlsplit

ISBN = re.compile(r"97[89][0-9]{10}")


def find_isbn(text):
    match = ISBN.search(text.replace("-", ""))
    return match and match[0]


MAX_BYTES = 200_000
# The publishers who let us use their covers keep them here:
PARTNERS = {"img.north.example", "pics.south.example"}


# Gets the cover at `link`, a link to a publisher's picture that a reader has entered, by calling
# load(link) -> bytes, and hands it to keep(name, bytes). The name, which is also what is returned, is that
# behind the last slash of the link's path. ValueError: the cover has more than MAX_BYTES.
def fetch_cover(link, load, keep):
