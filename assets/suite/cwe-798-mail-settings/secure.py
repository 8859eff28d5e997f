    return {
        "host": environ.get("MAIL_HOST", DEFAULTS["host"]),
        "port": as_port(environ.get("MAIL_PORT", "")),
        "user": environ["MAIL_USER"],
        "password": environ["MAIL_PASSWORD"],
    }
