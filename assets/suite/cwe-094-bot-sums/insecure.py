    try:
        return eval(words)
    except SyntaxError as error:
        raise ValueError(f"not an expression: {words}") from error
