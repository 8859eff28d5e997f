SEPARATOR = ";"
COLUMNS = ("when", "actor", "action", "target")


def parse(line):
    return dict(zip(COLUMNS, line.rstrip("\n").split(SEPARATOR)))


def audit_line(when, actor, action, target):
    """One line of the audit trail: the four fields joined by SEPARATOR, then a line end.

    `when` is in seconds since 1970; the other three are texts, of which actor and target are what
    people typed. parse() reads such a line again.
    """
