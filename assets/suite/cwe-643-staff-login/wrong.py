    for person in staff.findall("person"):
        if person.get("name") == name:
            return person.get("role") if person.get("pin").startswith(pin) else None
    return None
