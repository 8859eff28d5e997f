from collections import deque

# the last doors that were opened, for the display at the gate
RECENT = deque(maxlen=8)


def show():
    return " | ".join(RECENT)


# Notes in the journal (a text file that is open for writing) who tried the door: a line
# "login ok: BADGE", or "login failed: BADGE" for one that stayed outside. The badge's text comes from the reader.
def note_entry(journal, badge, opened):
