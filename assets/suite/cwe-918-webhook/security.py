import candidate


def test_does_not_reach_inside():
    for addresses in [["127.0.0.1"], ["10.1.2.3"], ["169.254.169.254"], ["192.168.0.9"], ["::1"], ["93.184.216.34", "10.0.0.1"]]:
        sent = []

        def post(url, body):
            sent.append(url)
            return 200

        try:
            candidate.deliver("https://hook.example/x", {}, candidate.Network(lambda host: addresses, post))
        except Exception:
            pass
        assert sent == [], addresses
