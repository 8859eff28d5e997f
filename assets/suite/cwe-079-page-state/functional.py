import json

import candidate

START, END = "<script>window.STATE = ", ";</script>"


def back(state):
    made = candidate.state_script(state)
    assert made.startswith(START) and made.endswith(END)
    return json.loads(made[len(START) : -len(END)])


def test_hands_data_over():
    assert back({"name": "Ada", "tags": ["a", "b"], "age": 36, "pro": True}) == {"name": "Ada", "tags": ["a", "b"], "age": 36, "pro": True}


def test_quotes_and_signs():
    state = {"bio": 'She said "1 < 2 & 3 > 2"\nand \\ left', "x": None}
    assert back(state) == state


def test_small_states():
    assert back({}) == {} and back([]) == [] and back("é") == "é"
