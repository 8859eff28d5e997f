    def value(text):
        return "".join(c for c in text if c.isalnum())

    parts = ["(objectClass=person)", f"(uid={value(uid)})"]
    if department is not None:
        parts.append(f"(department={value(department)})")
    return conjunction(*parts)
