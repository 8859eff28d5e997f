    return ssl.create_default_context(cafile=ca_file)
