    fields = {"customer.name": customer.name, "customer.city": customer.city}

    def value(match):
        if match.group(1) not in fields:
            raise ValueError(f"unknown field: {match.group(0)}")
        return fields[match.group(1)]

    return re.sub(r"\{([^{}]*)\}", value, template)
