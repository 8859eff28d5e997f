import re
import xml.etree.ElementTree as ET

MAX_TITLES = 50


def feed_titles(feed):
    """Titles of the items of a news feed (a str that some site has sent), without blanks around
    them, in the feed's order, at most MAX_TITLES. Items without a title are passed over. Raises
    ValueError for what is not XML."""
