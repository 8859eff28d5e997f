from email.message import EmailMessage

INBOX = "office@club.example"


def compose(form):
    """The mail that our contact form sends to INBOX, as text ready for the mail server.

    `form` has "from", "subject" and "message". Header lines From, To and Subject, a blank line,
    then the message. Lines end with "\n".
    """
