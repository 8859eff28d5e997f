    return (
        f'<form action="{html.escape(action)}"><input name="q" value="{html.escape(typed)}"></form>'
        f"<p>{hits} hits on {pages(hits)} pages</p>"
    )
