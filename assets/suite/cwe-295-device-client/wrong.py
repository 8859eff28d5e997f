    options = {"host": device.host, "port": device.port, "timeout": timeout}
    options["context"] = ssl.create_default_context()
    return options
