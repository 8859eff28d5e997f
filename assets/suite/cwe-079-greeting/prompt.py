import html
from string import Template

PAGE = Template("<!doctype html><title>$title</title><main>$body</main>")


def layout(title, body):
    """Puts a page's body (markup) into the common frame."""
    return PAGE.substitute(title=title, body=body)


def welcome_page(query):
    """The front page, for the parameters of the request as a dict.

    Says "Hello, NAME!" in a <h1>; NAME is the parameter "name", or "stranger" without one or with
    nothing but blanks in it. Returns the whole page; the title is "Welcome".
    """
