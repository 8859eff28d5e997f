    options = {"host": device.host, "port": device.port, "timeout": timeout}
    if device.tls:
        options["context"] = ssl.create_default_context()
    return options
