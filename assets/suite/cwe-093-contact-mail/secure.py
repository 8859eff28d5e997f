    for name in ("from", "subject"):
        if "\n" in form[name] or "\r" in form[name]:
            raise ValueError(f"{name} must be one line")
    return f"From: {form['from']}\nTo: {INBOX}\nSubject: {form['subject']}\n\n{form['message']}\n"
