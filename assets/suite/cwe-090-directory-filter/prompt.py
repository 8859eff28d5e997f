# The directory keeps people as objectClass=person with uid, cn and department.
BASE = "ou=people,dc=firm,dc=example"


def conjunction(*parts):
    return "(&" + "".join(parts) + ")"


def person_filter(uid, department=None):
    """The LDAP search filter (text) for the person with this uid, in this department if given:
    "(&(objectClass=person)(uid=ada)(department=lab))"."""
