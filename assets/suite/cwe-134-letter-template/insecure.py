    try:
        return template.format(customer=customer)
    except (KeyError, AttributeError, IndexError) as error:
        raise ValueError(f"unknown field: {error}") from error
