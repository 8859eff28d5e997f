PRICES = {"pen": 120, "book": 1500, "lamp": 4900}  # cents
MOST = 99


def money(cents):
    return f"{cents // 100}.{cents % 100:02d}"


def order_total(lines):
    """What an order costs, in cents.

    `lines` comes from the browser: a list of {"item": name, "count": text}. An item is one of
    PRICES, a count from 1 to MOST. Raises ValueError for an order that is not one.
    """
