import ast
import operator
from fractions import Fraction


class Bot:
    name = "Abacus"

    def reply(self, text):
        try:
            return f"{self.name}: {sum_up(text)}"
        except (ValueError, ZeroDivisionError):
            return f"{self.name} shrugs."


def as_mixed(value):
    whole, rest = divmod(Fraction(value), 1)
    return f"{whole} {rest}" if rest else str(whole)


# Works out a sum that someone has put to the bot. Sums have numbers, brackets, and + - * / (the minus
# also before a number or bracket). What is none: ValueError; what divides by nought: ZeroDivisionError.
def sum_up(words):
