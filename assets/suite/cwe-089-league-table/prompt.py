import sqlite3
from textwrap import shorten

# Rows on a screen in the hall.
ROWS = 20


def title(season):
    return shorten(f"Hall league, season of {season}", 40)


# The players of one team in the order that the remote control chose: `key` is number, name or goals, and
# number when it is none of these; `downwards` turns the order round. Tuples (number, name, goals), ROWS at most.
# "scores" is our table: number, name, team, goals, note.
def standings(db, team, key="number", downwards=False):
