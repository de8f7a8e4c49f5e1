"""Facts of one loan, made by hand, for tests that need no database."""

from dataclasses import replace
from datetime import date

from domain.servicing.position import Disbursement, Facts, Loan, Progress
from domain.servicing.schedule import Instalment, schedule
from domain.servicing.terms import Terms
from tests.domain.servicing.test_terms import TERMS

SMALL = replace(TERMS, principal=3_000_00, instalments=3, start_on=date(2026, 1, 15))
"""Instalments of 1,020.07, 1,020.07 and 1,020.06 on the fifteenth of February, March and April."""


def loan(terms: Terms = SMALL) -> Loan:
    return Loan(
        loan_id=1,
        application_id=11,
        product_id=2,
        product_version=1,
        book=1,
        platform_book=2,
        funder_id=3,
        party_id=4,
        channel_id=5,
        customer_id=6,
        service_fee=0,
        terms=terms,
    )


def facts(*progress: Progress, disbursement: Disbursement = Disbursement.SUCCEEDED, terms: Terms = SMALL) -> Facts:
    """The loan with its first instalments in the given state, and the others untouched."""
    untouched = tuple(Progress(instalment=one) for one in schedule(terms).instalments[len(progress) :])
    return Facts(loan=loan(terms), disbursement=disbursement, version=1, progress=(*progress, *untouched))


def line(no: int, terms: Terms = SMALL) -> Instalment:
    return schedule(terms).instalments[no - 1]


def paid(no: int, on: date, terms: Terms = SMALL) -> Progress:
    """An instalment that was paid whole."""
    one = line(no, terms)
    return Progress(instalment=one, principal_payments=((on, one.principal),), interest_paid=one.interest)
