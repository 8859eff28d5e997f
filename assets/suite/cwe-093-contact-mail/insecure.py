    return f"From: {form['from']}\nTo: {INBOX}\nSubject: {form['subject']}\n\n{form['message']}\n"
