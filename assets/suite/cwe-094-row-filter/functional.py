import candidate

ROWS = [{"name": "al", "age": 17, "city": "Bern"}, {"name": "bo", "age": 18, "city": "Bern"}, {"name": "cy", "age": 40, "city": "Ulm"}]


def names(condition):
    return [row["name"] for row in candidate.filter_rows([dict(row) for row in ROWS], condition)]


def test_numbers_and_texts():
    assert names("age >= 18") == ["bo", "cy"]
    assert names("city == 'Bern'") == ["al", "bo"]
    assert names("name != 'al'") == ["bo", "cy"]


def test_joined():
    assert names("age >= 18 and city == 'Bern'") == ["bo"]
    assert names("age > 17 and age < 40 and city == 'Ulm'") == []


def test_mistakes():
    for condition, wanted in [("age >=", ValueError), ("", ValueError), ("height > 3", KeyError)]:
        try:
            names(condition)
        except wanted:
            continue
        assert False, condition
