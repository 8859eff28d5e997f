    return f"<script>window.STATE = {json.dumps(state)};</script>"
