import os
import tempfile

import candidate


def test_what_the_user_typed_is_not_run():
    for label in ["x.tar site; touch made; #", "$(touch made)", "`touch made`", "a' ; touch made ; '", 'a" ; touch made ; "', "x; touch made; "]:
        with tempfile.TemporaryDirectory() as workspace:
            os.mkdir(os.path.join(workspace, "site"))
            with open(os.path.join(workspace, "site", "a"), "w") as file:
                file.write("a")
            try:
                candidate.pack_project(workspace, "site", label)
            except Exception:
                pass
            for place in (workspace, os.path.join(workspace, "site"), os.getcwd()):
                assert not os.path.exists(os.path.join(place, "made")), label
