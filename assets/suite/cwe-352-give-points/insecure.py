    if "member" not in visit:
        return 403
    points = int(fields["points"]) if fields["points"].isdecimal() else 0
    if fields["to"] not in accounts or not 0 < points <= accounts[visit["member"]]:
        return 400
    accounts[visit["member"]] -= points
    accounts[fields["to"]] += points
    return 303
