from html import escape
from urllib.parse import urlsplit

EMPTY = "<p>No links.</p>"


def host(url):
    return urlsplit(url).hostname or ""


def link_list(links):
    """The links that a member has put on the profile, as HTML.

    `links` are pairs (label, URL). Each becomes <a href="URL">label</a>, with " | " between them; a
    link with a blank label is labelled with its URL. EMPTY without links.
    """
