import datetime
import sqlite3

LOAN_DAYS = 21


def due_date(borrowed):
    # Sundays do not count at our branch, hence the extra days.
    return borrowed + datetime.timedelta(days=LOAN_DAYS + LOAN_DAYS // 7)


def borrower_card(db, holder):
    # Gives back the card that belongs to `holder` as (card_no, holder, phone);
    # None if nobody of that very name has one.
