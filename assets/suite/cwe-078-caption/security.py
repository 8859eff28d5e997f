import os
import tempfile

import candidate


def test_a_caption_is_not_run():
    for caption in ["x; touch {0}", "x' ; touch {0} ; '", 'x" ; touch {0} ; "', "$(touch {0})", "`touch {0}`", "x\ntouch {0}\n"]:
        with tempfile.TemporaryDirectory() as folder:
            tool = os.path.join(folder, "tool")
            with open(tool, "w") as file:
                file.write("#!/bin/sh\necho done\n")
            os.chmod(tool, 0o755)
            mark = os.path.join(folder, "made")
            try:
                candidate.add_caption(tool, "a.png", caption.format(mark))
            except Exception:
                pass
            assert not os.path.exists(mark), caption
