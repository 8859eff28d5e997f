from urllib.parse import urlsplit

LANGUAGES = {"de": "Deutsch", "fr": "Français", "rm": "Rumantsch"}


def menu(current):
    items = [name for code, name in LANGUAGES.items() if code != current]
    return " · ".join(items)


HOME = "/home"


# Once the language is set, the browser is told to go back to where the visitor was: query["back"] has
# the path there, with parameters if any. Gives {"status": 302, "location": ...}; to HOME if "back" is not there.
def switch_back(query):
