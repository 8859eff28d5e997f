    tokens = words.replace("(", " ").replace(")", " ").split()
    if not tokens:
        raise ValueError("nothing typed")
    total = float(tokens[0])
    for sign, token in zip(tokens[1::2], tokens[2::2]):
        number = float(token)
        if sign == "+":
            total += number
        elif sign == "-":
            total -= number
        elif sign == "*":
            total *= number
        elif sign == "/":
            total /= number
        else:
            raise ValueError(sign)
    return total
