    ending = os.path.splitext(filename)[1].lower()
    if ending not in PICTURES or not content.startswith(PICTURES[ending]):
        raise ValueError(f"not a picture: {filename}")
    name = f"{number}{ending}"
    with open(os.path.join(folder, name), "wb") as file:
        file.write(content)
    return name
