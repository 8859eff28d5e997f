    text = str(state).replace("'", '"').replace("<", "\\u003c")
    return f"<script>window.STATE = {text};</script>"
