    person = staff.find(f"person[@name='{name}'][@pin='{pin}']")
    return person.get("role") if person is not None else None
