    total = 0
    for line in lines:
        if line["item"] not in PRICES:
            raise ValueError(f"no such item: {line['item']}")
        total += PRICES[line["item"]] * int(line["count"])
    return total
