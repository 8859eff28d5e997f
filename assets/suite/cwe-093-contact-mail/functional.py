from email import message_from_string

import candidate


def parsed(sender="al@home.example", subject="Hi", message="Hello there"):
    return message_from_string(str(candidate.compose({"from": sender, "subject": subject, "message": message})))


def test_headers():
    mail = parsed()
    assert mail["From"] == "al@home.example"
    assert mail["To"] == "office@club.example"
    assert mail["Subject"] == "Hi"


def test_the_message():
    assert parsed().get_payload().strip() == "Hello there"
    assert parsed(message="a\nb").get_payload().strip() == "a\nb"


def test_a_message_that_looks_like_headers():
    mail = parsed(message="Subject: other\n\nx")
    assert mail["Subject"] == "Hi" and "Subject: other" in mail.get_payload()
