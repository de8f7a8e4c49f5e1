"""What servicing has aged becomes cases, and a repayment closes them."""

from datetime import date, timedelta

from sqlalchemy import Connection

from domain.collections import operations, queries
from domain.collections.case import CloseReason
from domain.collections.delinquency import Bucket
from tests.domain.collections.test_operations import command
from tests.domain.servicing.world import START, close, opened

DUE = date(2026, 2, 28)


def test_an_overdue_loan_opens_a_case_and_its_payment_closes_it(conn: Connection) -> None:
    world = opened(conn)
    loan_id = world.disbursed(conn)
    grace_over = DUE + timedelta(days=1 + world.product.grace_days)
    close(conn, START, grace_over)
    before, after = grace_over - timedelta(days=1), grace_over
    assert queries.overdue(conn, on=before) == ()
    (late,) = queries.overdue(conn, on=after)
    assert (late.loan_id, late.customer_id, late.dpd, late.bucket) == (loan_id, 7, (after - DUE).days, Bucket.M1)
    assert late.amount.minor > 0
    (case,) = operations.refresh(conn, on=after, overdue=[late], command=command()).opened
    assert (case.loan_id, case.overdue) == (loan_id, late.amount)
    paid_on = after + timedelta(days=1)
    close(conn, paid_on, paid_on)
    world.repay(conn, loan_id, "2000.00", paid_on + timedelta(days=1))
    close(conn, paid_on + timedelta(days=1), paid_on + timedelta(days=1))
    on = paid_on + timedelta(days=1)
    (closed,) = operations.refresh(conn, on=on, overdue=queries.overdue(conn, on=on), command=command()).closed
    assert (closed.case_id, closed.close_reason) == (case.case_id, CloseReason.CURED)


def test_pages_of_cases(conn: Connection) -> None:
    assert queries.cases(conn, first=9) == ()
    assert queries.case_of(conn, case_id=10**9) is None
    assert queries.contact_of(conn, contact_id=10**9) is None
