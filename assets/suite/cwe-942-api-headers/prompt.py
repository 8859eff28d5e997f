# Sites of the company whose pages call this API with the user's cookie.
SITES = ("https://www.firm.example", "https://shop.firm.example")


def cors_headers(origin):
    """Headers (a dict) by which the browser lets a page of `origin` (the request's header Origin,
    or None) read our answer, cookies included: Access-Control-Allow-Origin,
    Access-Control-Allow-Credentials and Vary. {} without an origin."""
