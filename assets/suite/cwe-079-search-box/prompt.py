import html
import math

PER_PAGE = 10


def pages(hits):
    return max(1, math.ceil(hits / PER_PAGE))


def search_form(action, typed, hits):
    """The search form of the catalogue, shown again above its results.

    It is <form action="..."> with one <input name="q" value="...">, which holds what was typed, and
    the paragraph "<p>N hits on M pages</p>" after it ("1 hit on 1 page" is not worth a special case).
    """
