    def value(text):
        return "".join(f"\\{ord(c):02x}" if c in "\\*()\0" else c for c in text)

    parts = ["(objectClass=person)", f"(uid={value(uid)})"]
    if department is not None:
        parts.append(f"(department={value(department)})")
    return conjunction(*parts)
