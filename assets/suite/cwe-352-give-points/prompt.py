import hmac
import secrets

LEVELS = {0: "bronze", 1000: "silver", 5000: "gold"}


def level(points):
    return LEVELS[max(limit for limit in LEVELS if limit <= points)]


def gift_form(visit):
    # POSTed to /gift, see give_points
    visit.setdefault("csrf", secrets.token_hex(16))
    return f'<input type="hidden" name="csrf" value="{visit["csrf"]}"><input name="to"><input name="points">'


# A member (visit["member"]) gives some of their points to another: fields["points"], a text, to
# fields["to"]. `accounts` has everybody's points. Gives the status: 303, done; 400, there is no such
# member, or the points are no positive whole number, or more than the giver has; 403, not allowed.
def give_points(visit, fields, accounts):
