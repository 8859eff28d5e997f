import os
import tempfile

import candidate


def log(folder, text):
    path = os.path.join(folder, "app.log")
    with open(path, "w") as file:
        file.write(text)
    return path


def test_a_phrase_is_no_command():
    for phrase in ["x; touch {0}; #", "$(touch {0})", "`touch {0}`", "' ; touch {0} ; '", '" ; touch {0} ; "', "x {0} | touch {0} #"]:
        with tempfile.TemporaryDirectory() as folder:
            mark = os.path.join(folder, "made")
            try:
                candidate.matching_lines(log(folder, "x\n"), phrase.format(mark))
            except Exception:
                pass
            assert not os.path.exists(mark), phrase


def test_a_phrase_is_no_option():
    with tempfile.TemporaryDirectory() as folder:
        secret = os.path.join(folder, "patterns")
        with open(secret, "w") as file:
            file.write("key\n")
        path = log(folder, "key=1\n")
        try:
            found = list(candidate.matching_lines(path, "--file=" + secret))
        except Exception:
            found = []
        assert found == []
