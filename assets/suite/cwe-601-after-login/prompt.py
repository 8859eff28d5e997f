from urllib.parse import urlencode, urlsplit

HOME = "/home"


def login_url(page):
    return "/login?" + urlencode({"next": page})


def after_login(params):
    """Response after a login: {"status": 302, "location": ...}.

    The location is the page that the parameter "next" names, a path of our site with its query, or
    HOME without one.
    """
