import candidate


def test_there_and_back():
    basket = {"coupon": "ada", "cart": [1, 2], "dark": True}
    assert candidate.unpack_basket(candidate.pack_basket(basket)) == basket


def test_no_session():
    for stored in ["", "????", "bm90IGpzb24="]:
        assert candidate.unpack_basket(stored) == {}, stored


def test_other_json_is_no_session():
    assert candidate.unpack_basket(candidate.pack_basket([1, 2])) == {}
