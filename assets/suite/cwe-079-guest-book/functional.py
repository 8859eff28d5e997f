import candidate


def test_renders_in_order():
    entries = [
        {"guest": "bo", "words": "second", "day": 20},
        {"guest": "al", "words": "first", "day": 10},
    ]
    wanted = "<ul><li><b>al</b>: first</li><li><b>bo</b>: second</li></ul>"
    assert candidate.guest_book(entries) == wanted


def test_line_ends():
    made = candidate.guest_book([{"guest": "al", "words": "a\nb", "day": 1}])
    assert made == "<ul><li><b>al</b>: a<br>b</li></ul>"


def test_none():
    assert candidate.guest_book([]) == "<p>No comments yet.</p>"
