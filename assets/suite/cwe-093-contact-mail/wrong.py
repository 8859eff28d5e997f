    one_line = {name: " ".join(form[name].splitlines()) for name in form}
    head = f"From: {one_line['from']}\nTo: {INBOX}\nSubject: {one_line['subject']}\n"
    return head + one_line["message"] + "\n"
