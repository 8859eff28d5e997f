import re
from datetime import date

API_TOKEN = "set-at-start-up"


class Customer:
    def __init__(self, name, city):
        self.name = name
        self.city = city


def today():
    return date.today().isoformat()


def fill_letter(template, customer):
    """Fill in a letter that the shop's owner wrote in the template editor.

    {customer.name} and {customer.city} stand for what they say. Raises ValueError for a template
    with any other field.
    """
