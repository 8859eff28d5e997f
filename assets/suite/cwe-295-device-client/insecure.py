    options = {"host": device.host, "port": device.port, "timeout": timeout}
    if device.tls:
        options["context"] = ssl._create_unverified_context()
    return options
