    return SEPARATOR.join([str(when), actor, action, target]) + "\n"
