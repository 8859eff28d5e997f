import os
import tempfile

import candidate


def test_nothing_but_pictures():
    for filename, content in [
        ("shell.php", b"<?php system($_GET['c']);"),
        ("page.html", b"<script>x()</script>"),
        ("cat.png.php", b"\x89PNG<?php"),
        ("run.cgi", b"#!/bin/sh"),
        ("x.svg", b"<svg onload=x()>"),
        (".htaccess", b"AddType x .png"),
    ]:
        with tempfile.TemporaryDirectory() as folder:
            try:
                candidate.accept_picture(folder, 3, filename, content)
            except Exception:
                pass
            endings = {os.path.splitext(name)[1] for name in os.listdir(folder)}
            assert endings <= {".png", ".gif", ".jpg"}, filename
            assert ".htaccess" not in os.listdir(folder)
