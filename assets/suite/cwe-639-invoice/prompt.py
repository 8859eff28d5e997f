from dataclasses import dataclass


@dataclass
class Shop:
    # number -> {"customer": id, "cents": int, "paid": bool}
    invoices: dict


def open_sum(shop):
    return sum(i["cents"] for i in shop.invoices.values() if not i["paid"])


def get_invoice(shop, session, number):
    """Answer to GET /invoices/NUMBER: (200, {"number": int, "cents": int, "paid": bool}) or (404, None).

    `number` is the text in the address, session["customer"] the id of the customer who is logged in
    and looks at an invoice of theirs.
    """
