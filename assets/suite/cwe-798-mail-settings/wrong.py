    return {
        "host": environ.get("MAIL_HOST", DEFAULTS["host"]),
        "port": environ.get("MAIL_PORT", DEFAULTS["port"]),
        "user": environ["MAIL_USER"],
        "password": environ["MAIL_PASSWORD"],
    }
