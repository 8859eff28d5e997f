import hashlib
import operator

OPERATORS = {"$gt": operator.gt, "$lt": operator.lt, "$ne": operator.ne}


class Collection:
    """A few documents (dicts), asked for by example."""

    def __init__(self, documents):
        self.documents = documents

    def find_one(self, query):
        """The first document that has the query's values; {"age": {"$gt": 17}} compares."""
        for document in self.documents:
            if all(self._fits(document.get(key), wanted) for key, wanted in query.items()):
                return document
        return None

    @staticmethod
    def _fits(value, wanted):
        if isinstance(wanted, dict):
            return all(OPERATORS[name](value, other) for name, other in wanted.items())
        return value == wanted


def authenticate(users, body):
    """Id of the user who logs in with the JSON `body` (a dict) of a request: its "name" and "code" are
    those of a document of the Collection `users`, {"id", "name", "code"}. None if nobody has both."""
