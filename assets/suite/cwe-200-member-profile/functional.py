import json

import candidate


def shown(**changes):
    record = dict(id=7, name="Ada", bio="Engines.", password_hash="scrypt$1", email="a@h.example", reset_token=None)
    record.update(changes)
    return json.loads(candidate.profile_json(record))


def test_what_the_page_shows():
    found = shown()
    assert (found["id"], found["name"], found["bio"]) == (7, "Ada", "Engines.")


def test_no_bio():
    assert shown(bio=None)["bio"] == ""


def test_other_letters():
    assert shown(name='Zoë "Z"')["name"] == 'Zoë "Z"'
