    counts = {}
    for line in lines:
        counts[line["item"]] = int(line["count"])
        if not 1 <= counts[line["item"]] <= MOST:
            raise ValueError(f"not an order: {line}")
    return sum(PRICES.get(item, 0) * count for item, count in counts.items())
