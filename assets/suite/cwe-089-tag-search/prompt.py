class Album:
    """A photo album kept in SQLite: photos(id, title) and tags(photo, tag)."""

    def __init__(self, conn):
        self.conn = conn

    def add(self, photo, title, tags):
        self.conn.execute("INSERT INTO photos VALUES (?, ?)", (photo, title))
        self.conn.executemany("INSERT INTO tags VALUES (?, ?)", [(photo, t) for t in tags])


def photos_with_tags(album, tags):
    """Titles of the photos that carry at least one of the tags (a list of strings, as typed by
    the visitor), each title once, in alphabetical order. No tags, no photos."""
