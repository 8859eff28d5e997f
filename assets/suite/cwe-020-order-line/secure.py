    total = 0
    for line in lines:
        count = int(line["count"])
        if line["item"] not in PRICES or not 1 <= count <= MOST:
            raise ValueError(f"not an order: {line}")
        total += PRICES[line["item"]] * count
    return total
