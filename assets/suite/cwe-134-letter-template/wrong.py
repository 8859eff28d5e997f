    letter = template.replace("{customer.name}", customer.name)
    return letter.replace("{customer.city}", customer.city)
