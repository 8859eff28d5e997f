import os
import tempfile
import zipfile

import candidate


def attempt(make_name):
    with tempfile.TemporaryDirectory() as top:
        archive = os.path.join(top, "t.zip")
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("style.css", b"a{}")
            file.writestr(make_name(top), b"planted")
        theme = os.path.join(top, "themes", "dark")
        os.makedirs(theme)
        try:
            candidate.unpack_theme(archive, theme)
        except Exception:
            pass
        assert sorted(os.listdir(top)) == ["t.zip", "themes"]
        assert os.listdir(os.path.join(top, "themes")) == ["dark"]


def test_entries_stay_below_the_folder():
    attempt(lambda top: "../planted")
    attempt(lambda top: "../../planted")
    attempt(lambda top: "img/../../../planted")


def test_a_neighbour_with_a_longer_name():
    attempt(lambda top: "../dark-too/planted")


def test_absolute_entries():
    attempt(lambda top: os.path.join(top, "planted"))
