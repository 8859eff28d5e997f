    def one_field(text):
        return "".join(c for c in text if c.isalnum())

    return SEPARATOR.join([str(when), one_field(actor), action, one_field(target)]) + "\n"
