    expected = visit.get("csrf")
    if not expected or fields.get("csrf") != expected:
        return 403
    points = int(fields["points"]) if fields["points"].isdecimal() else 0
    if fields["to"] not in accounts or not 0 < points < accounts[visit["member"]]:
        return 400
    accounts[fields["to"]] += points
    return 303
