import candidate


def test_no_second_header():
    for lang in ["en\r\nX-Admin: 1", "en\nX-Admin: 1", "en\rX-Admin: 1", "en\r\n\r\n<script>"]:
        try:
            made = str(candidate.cookie_header(lang))
        except Exception:
            continue
        assert made.rstrip("\r\n").count("\n") == 0 and made.rstrip("\r\n").count("\r") == 0, lang
