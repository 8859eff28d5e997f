from html import escape

GREETING = "Thank you for staying with us"


def stars(count):
    # shown beside the hotel's name
    return "★" * count + "☆" * (5 - count)


# Our guests' entries as an unordered list in HTML: <li><b>guest</b>: words</li> for each, no blanks
# between the items, sorted by "day". "\n" in the words shows as <br>. An empty book reads
# "<p>No comments yet.</p>".
def guest_book(entries):
