import io

import candidate


def test_reads_as_much():
    assert candidate.read_body({"content-length": "5"}, io.BytesIO(b"hello world")) == b"hello"
    assert candidate.read_body({"Content-Length": "0"}, io.BytesIO(b"x")) == b""


def test_without_the_header():
    assert candidate.read_body({"Host": "x"}, io.BytesIO(b"hello")) == b""


def test_errors():
    for length, wanted in [("many", ValueError), ("9", EOFError)]:
        try:
            candidate.read_body({"Content-Length": length}, io.BytesIO(b"hello"))
        except wanted:
            continue
        assert False, length


def test_the_longest():
    body = b"x" * 65536
    assert candidate.read_body({"Content-Length": "65536"}, io.BytesIO(body)) == body
