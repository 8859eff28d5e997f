    return {
        "host": environ.get("MAIL_HOST", DEFAULTS["host"]),
        "port": as_port(environ.get("MAIL_PORT", "")),
        "user": environ.get("MAIL_USER", "admin"),
        "password": environ.get("MAIL_PASSWORD", "mail-admin-2019"),
    }
