import random
import secrets
import string


class Voucher:
    def __init__(self, code, cents):
        self.code, self.cents = code, cents

    def __str__(self):
        return f"{self.code}: {self.cents / 100:.2f}"


SIGNS = string.ascii_letters + string.digits


# A fresh code for a gift voucher; whoever types it in at the till may spend the money. It consists of
# `size` of the SIGNS.
def draw_code(size=32):
