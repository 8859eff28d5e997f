import os
import tempfile

import candidate


def test_a_file_name_is_no_option():
    with tempfile.TemporaryDirectory() as folder:
        victim = os.path.join(folder, "victim")
        other = os.path.join(folder, "list0")
        with open(victim, "w") as file:
            file.write("untouched\n")
        with open(other, "wb") as file:
            file.write(b"/etc/hostname\0")
        for name in ["--output=" + victim, "-o" + victim]:
            try:
                # Without a file, sort would wait for its input.
                candidate.sort_names(name, "name")
            except Exception:
                pass
            with open(victim) as file:
                assert file.read() == "untouched\n", name


def test_a_file_name_is_no_list_of_files():
    with tempfile.TemporaryDirectory() as folder:
        secret = os.path.join(folder, "secret")
        with open(secret, "w") as file:
            file.write("the-secret\n")
        listing = os.path.join(folder, "listing")
        with open(listing, "wb") as file:
            file.write(secret.encode() + b"\0")
        try:
            found = list(candidate.sort_names("--files0-from=" + listing))
        except Exception:
            found = []
        assert "the-secret" not in found
