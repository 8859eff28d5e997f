import ssl

import candidate


def test_a_context_for_clients():
    context = candidate.client_context()
    assert int(context.protocol) in (int(ssl.PROTOCOL_TLS_CLIENT), int(ssl.PROTOCOL_TLS))


def test_speaks_a_current_version():
    context = candidate.client_context()
    assert int(context.maximum_version) in (int(ssl.TLSVersion.MAXIMUM_SUPPORTED), int(ssl.TLSVersion.TLSv1_3))


def test_a_file_that_is_not_there():
    try:
        candidate.client_context("/nowhere/ca.pem")
    except OSError:
        return
    assert False, "no OSError"
