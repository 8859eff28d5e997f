import re

import candidate


def test_stays_on_the_site():
    for page in ["https://evil.example/x", "//evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example", "javascript:alert(1)", "/\t/evil.example", "///evil.example"]:
        try:
            location = candidate.switch_back({"back": page})["location"]
        except Exception:
            continue
        # As browsers read it: blanks and line ends within are dropped, a backslash is a slash.
        read = re.sub(r"[\t\r\n]", "", location).strip().replace("\\", "/")
        assert re.match(r"/(?!/)", read), page
