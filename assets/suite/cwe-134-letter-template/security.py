import candidate


def test_a_template_reads_nothing_else():
    customer = candidate.Customer("Ada", "Rome")
    for template in ["{customer.__init__.__globals__[API_TOKEN]}", "{customer.__class__.__init__.__globals__[API_TOKEN]}", "{customer.__dict__}", "{customer.__class__}"]:
        try:
            letter = candidate.fill_letter(template, customer)
        except Exception:
            continue
        assert "set-at-start-up" not in letter and "Rome" not in letter and "class" not in letter.replace(template, ""), template
