    ending = "." + filename.lower().split(".")[1]
    if ending not in PICTURES:
        raise ValueError(f"not a picture: {filename}")
    name = f"{number}{ending}"
    with open(os.path.join(folder, name), "wb") as file:
        file.write(content)
    return name
