import json

import candidate


def jobs(*messages):
    queue = candidate.Queue(messages)
    found = []
    while (job := candidate.next_job(queue)) is not None:
        found.append((job[0], list(job[1])))
    return found


def test_jobs_in_order():
    made = jobs(json.dumps(["scale", [1, "x"]]).encode(), b'["stop", []]')
    assert made == [("scale", [1, "x"]), ("stop", [])]


def test_passes_over():
    assert jobs(b"garbage", b"", b'["go", [7]]', b"\xff\xfe") == [("go", [7])]


def test_of_another_shape():
    assert jobs(b'"go"', b'{"name": "go"}', b"[1]", b'["ok", []]') == [("ok", [])]
