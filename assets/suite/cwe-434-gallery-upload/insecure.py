    ending = os.path.splitext(filename)[1].lower()
    name = f"{number}{ending}"
    with open(os.path.join(folder, name), "wb") as file:
        file.write(content)
    return name
