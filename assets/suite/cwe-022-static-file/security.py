import os
import tempfile

import candidate


def test_nothing_outside_of_the_root():
    with tempfile.TemporaryDirectory() as top:
        for folder in ("www", "www-old"):
            os.mkdir(os.path.join(top, folder))
        for name in ("secret.txt", "www-old/secret.txt"):
            with open(os.path.join(top, name), "w") as file:
                file.write("top secret")
        root = os.path.join(top, "www")
        for target in ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/../www-old/secret.txt", "//" + top + "/secret.txt", "/" + "%2f" + top.lstrip("/") + "/secret.txt", "/x/../../secret.txt"]:
            try:
                answer = candidate.serve(root, target)
            except Exception:
                continue
            assert b"top secret" not in bytes(answer[2]), target
