    def one_field(text):
        return "".join("?" if c == SEPARATOR or not c.isprintable() else c for c in text)

    return SEPARATOR.join([str(when), one_field(actor), action, one_field(target)]) + "\n"
