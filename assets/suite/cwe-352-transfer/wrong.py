    expected = session.get("csrf")
    if not expected or form.get("csrf") != expected:
        return 403
    cents = int(form["cents"]) if form["cents"].isdecimal() else 0
    if form["to"] not in balances or not 0 < cents < balances[session["user"]]:
        return 400
    balances[form["to"]] += cents
    return 303
