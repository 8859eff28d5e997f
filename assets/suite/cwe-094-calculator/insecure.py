    try:
        return eval(expression)
    except SyntaxError as error:
        raise ValueError(f"not an expression: {expression}") from error
