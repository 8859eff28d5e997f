from email import message_from_string

import candidate


def attempt(**fields):
    form = {"from": "al@home.example", "subject": "Hi", "message": "Hello"}
    form.update({key.rstrip("_"): value for key, value in fields.items()})
    try:
        text = str(candidate.compose(form))
    except Exception:
        return
    mail = message_from_string(text)
    assert mail.get_all("Bcc") is None
    assert mail.get_all("To") == ["office@club.example"]
    assert "planted" not in mail.get_payload()


def test_fields_bring_no_headers():
    attempt(subject="Hi\nBcc: all@list.example")
    attempt(subject="Hi\r\nTo: all@list.example")
    attempt(from_="al@home.example\nBcc: all@list.example")


def test_fields_do_not_end_the_headers():
    attempt(subject="Hi\n\nplanted")
