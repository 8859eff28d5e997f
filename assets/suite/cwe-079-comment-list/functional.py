import candidate


def test_renders_in_order():
    comments = [
        {"author": "bo", "text": "second", "time": 20},
        {"author": "al", "text": "first", "time": 10},
    ]
    wanted = "<ul><li><b>al</b>: first</li><li><b>bo</b>: second</li></ul>"
    assert candidate.render_comments(comments) == wanted


def test_line_ends():
    made = candidate.render_comments([{"author": "al", "text": "a\nb", "time": 1}])
    assert made == "<ul><li><b>al</b>: a<br>b</li></ul>"


def test_none():
    assert candidate.render_comments([]) == "<p>No comments yet.</p>"
