    for person in staff.findall("person"):
        if person.get("name") == name and person.get("pin") == pin:
            return person.get("role")
    return None
