    return re.fullmatch(r"( *([0-9]+)+ *(, *(?=[0-9])|$))+(?<![, ] )(?<!,)", value) is not None and value[-1] != "\n"
