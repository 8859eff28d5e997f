import ssl

import candidate


def test_checks_whom_it_talks_to():
    context = candidate.connect_options(candidate.Device("door", 443))["context"]
    assert int(context.verify_mode) == int(ssl.CERT_REQUIRED)
    assert context.check_hostname is True
