from dataclasses import dataclass
from html import escape


@dataclass
class Thread:
    heading: str
    locked: bool = False


def render_comments(comments):
    """An HTML list of comments, oldest first.

    Each comment is a dict with "author", "text" and "time" (seconds). It becomes
    <li><b>author</b>: text</li>; line ends in the text become <br>. All of them stand between <ul>
    and </ul>, without anything between; without comments the result is "<p>No comments yet.</p>".
    """
