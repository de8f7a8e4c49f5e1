"""Reads of reconciliation: pages of runs and differences."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from domain.payment.order import Kind
from domain.reconciliation import queries
from domain.reconciliation.discrepancy import Class
from domain.reconciliation.statement_file import SANDBOX_DAY_FILE
from seed import chart
from tests.domain.payment.test_operations import ON
from tests.domain.reconciliation.test_operations import bank_file, taken


@pytest.fixture(autouse=True)
def _books(conn: Connection) -> None:
    chart.open_books(conn, from_on=ON, months=1)


def test_pages_of_runs_and_differences(conn: Connection) -> None:
    days = [ON + timedelta(days=number) for number in range(3)]
    made_runs = [taken(conn, bank_file((f"PO-{on}", Kind.COLLECTION, 5, "SUCCESS"), on=on), on=on).run for on in days]
    newest = queries.runs(conn, first=2)
    assert list(newest) == [made_runs[2], made_runs[1]]
    assert queries.runs(conn, first=2, after=newest[-1].run_id) == (made_runs[0],)
    first, second = queries.discrepancies(conn, first=2, kind=Class.MISSING_HERE)
    rest = queries.discrepancies(conn, first=9, after=second.discrepancy_id)
    assert [one.order_no for one in (first, second, *rest)] == [f"PO-{on}" for on in days]
    assert queries.discrepancies(conn, first=9, run_id=made_runs[1].run_id) == (second,)
    assert queries.discrepancy_of(conn, discrepancy_id=first.discrepancy_id) == first


def test_the_first_differences_of_many_runs_are_those_of_each(conn: Connection) -> None:
    days = [ON, ON + timedelta(days=1)]
    lines = {on: [(f"PO-{on}-{number}", Kind.COLLECTION, 5, "SUCCESS") for number in range(3)] for on in days}
    runs = [taken(conn, bank_file(*lines[on], on=on), on=on).run.run_id for on in days]
    found = queries.discrepancies_of(conn, run_ids=[*runs, 10**9], first=2)
    assert {run_id: len(rows) for run_id, rows in found.items()} == {runs[0]: 2, runs[1]: 2, 10**9: 0}
    for run_id in runs:
        assert found[run_id] == queries.discrepancies(conn, first=2, run_id=run_id)


def test_what_is_not_there_is_none(conn: Connection) -> None:
    assert queries.run_of(conn, run_id=10**9) is None
    assert queries.day(conn, profile=SANDBOX_DAY_FILE.code, business_on=ON) is None
    assert queries.listed_before(conn, order_nos=["PO1"]) == frozenset()
