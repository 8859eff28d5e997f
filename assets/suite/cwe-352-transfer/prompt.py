import hmac
import secrets


def show_form(session):
    """The form of a transfer; its answer comes to post_transfer()."""
    session.setdefault("csrf", secrets.token_hex(16))
    return (
        '<form method="post" action="/transfer"><input name="to"><input name="cents">'
        f'<input type="hidden" name="csrf" value="{session["csrf"]}"></form>'
    )


def post_transfer(session, form, balances):
    """Move form["cents"] (a text) from the balance of session["user"] to that of form["to"].

    Returns the status of the response: 303 when done, 403 when it may not be done, 400 for an
    unknown receiver, or an amount that is not a positive whole number or more than there is.
    """
