import base64
import json
import pickle
from operator import itemgetter


def cheapest(articles):
    return min(articles, key=itemgetter("cents"), default=None)


def pack_basket(basket):
    # short enough for the browser's storage
    return base64.urlsafe_b64encode(json.dumps(basket).encode()).decode()


# The other direction: from what the browser has stored to the basket, which is a dict. An empty
# one, {}, when that is no basket.
def unpack_basket(stored):
