import ast
import operator

HISTORY = []


def remember(expression, value):
    HISTORY.append((expression, value))
    del HISTORY[:-50]


def calculate(expression):
    """Value of what the user typed into the calculator.

    It knows numbers, + - * / and brackets: "2 * (3 + 4)" is 14. Raises ValueError if the
    expression is not one, and ZeroDivisionError when it divides by zero.
    """
