    return (
        f'<form action="{action}"><input name="q" value="{typed}"></form>'
        f"<p>{hits} hits on {pages(hits)} pages</p>"
    )
