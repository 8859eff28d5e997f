import json

# What the table of members gives for one of them.
EXAMPLE = {
    "id": 7,
    "name": "Ada",
    "bio": "Engines.",
    "password_hash": "scrypt$...",
    "email": "ada@home.example",
    "reset_token": None,
}


def profile_json(record):
    """JSON text of a member's public profile, for the page that all visitors see: what the page
    shows of a record like EXAMPLE is the id, the name and the bio ("" where it is None)."""
