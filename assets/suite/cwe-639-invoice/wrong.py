    invoice = shop.invoices.get(int(number))
    if invoice is None or invoice["customer"] != session.get("customer"):
        return 404, None
    return 200, {"number": number, "cents": invoice["cents"], "paid": invoice["paid"]}
