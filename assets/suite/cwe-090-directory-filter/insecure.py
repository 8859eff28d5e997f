    parts = ["(objectClass=person)", f"(uid={uid})"]
    if department is not None:
        parts.append(f"(department={department})")
    return conjunction(*parts)
