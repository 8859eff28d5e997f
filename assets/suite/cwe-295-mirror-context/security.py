import ssl

import candidate


def test_checks_certificates():
    context = candidate.client_context()
    assert int(context.verify_mode) == int(ssl.CERT_REQUIRED)
    assert context.check_hostname is True
