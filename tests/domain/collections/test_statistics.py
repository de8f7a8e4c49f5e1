"""Figures of collection work."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from domain.collections.contact import Callee, Channel, LineStatus, Outcome, Promise, Result
from domain.collections.delinquency import Bucket
from domain.collections.statistics import statistics
from ledger.money import Money
from tests.domain.collections.test_assignment import CASE
from tests.domain.collections.test_contact import contact

PROMISED = Result(
    line_status=LineStatus.ANSWERED,
    outcome=Outcome.PROMISED,
    promise=Promise(amount=Money(1, "CNY"), promised_for=date(2026, 3, 7)),
)


def test_nothing_is_zero_and_divides_by_nothing() -> None:
    found = statistics([], [])
    assert (found.contact_rate, found.promise_rate, found.coverage) == (Decimal(0), Decimal(0), Decimal(0))


def test_cases_and_contacts_are_counted() -> None:
    cases = [
        replace(CASE, collector="a"),
        replace(CASE, case_id=2, bucket=Bucket.M2),
        replace(CASE, case_id=3, closed_on=date(2026, 3, 1)),
    ]
    debtor = Callee.DEBTOR
    contacts = [
        contact(Channel.CALL, debtor, PROMISED),
        contact(Channel.CALL, debtor, Result(line_status=LineStatus.ANSWERED)),
        contact(Channel.ROBOT_CALL, debtor, Result(line_status=LineStatus.BUSY)),
        contact(Channel.CALL, debtor, None),
        contact(Channel.SMS, debtor, Result(line_status=LineStatus.SENT)),
    ]
    found = statistics(cases, contacts)
    assert (found.open_cases, found.closed_cases) == (2, 1)
    assert (found.by_bucket, found.by_collector) == ({Bucket.M1: 1, Bucket.M2: 1}, {"a": 1})
    assert (found.attempts, found.answered, found.promises, found.attempted_cases) == (4, 2, 1, 1)
    assert (found.contact_rate, found.promise_rate, found.coverage) == (Decimal("0.5"), Decimal("0.5"), Decimal("0.5"))
