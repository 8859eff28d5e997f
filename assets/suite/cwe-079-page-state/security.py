import re

import candidate


def test_data_does_not_end_the_script():
    for text in ["</script><script>steal()</script>", "</SCRIPT ><img src=x>", "<!--<script>"]:
        made = candidate.state_script({"bio": text, text: 1})
        inner = made[len("<script>") : -len("</script>")]
        assert not re.search(r"</script|<!--|<script", inner, re.I), text
