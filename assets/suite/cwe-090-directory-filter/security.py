import candidate


def test_values_stay_values():
    for uid, department in [("*", None), ("ada)(|(uid=*", None), ("*)(uid=*))(|(uid=*", None), ("ada", "*"), ("ada", "x)(cn=*")]:
        try:
            made = candidate.person_filter(uid, department)
        except ValueError:
            continue
        brackets = 3 if department is None else 4
        assert made.count("(") == brackets and made.count(")") == brackets, uid
        assert "*" not in made, uid


def test_a_backslash_stays_one():
    try:
        made = candidate.person_filter("a\\2a")
    except ValueError:
        return
    assert "a\\2a" not in made
