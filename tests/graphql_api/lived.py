"""An office that has lived: loans, repayments, cases and their work, files of the bank, applications that wait."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from domain.collections import operations as collections
from domain.collections.contact import Callee, Channel, Contact, LineStatus, Outcome, Result
from domain.command import Command
from domain.day.operations import Closed, close_day
from domain.payment.order import Kind
from domain.reconciliation import queries as reconciliations
from domain.reconciliation.discrepancy import StoredDiscrepancy
from domain.reconciliation.operations import Resolve, resolve
from graphql_api.auth import Role
from graphql_api.relay import global_id, numbers
from ledger import sequencer
from seed.chart import LENDER_BOOK, PLATFORM_BOOK
from tests.domain.origination.world import AT, TODAY
from tests.domain.payment.test_operations import ON
from tests.domain.reconciliation.test_operations import bank_file, taken
from tests.graphql_api.asking import Asking, opened

if TYPE_CHECKING:
    from postgres.database import Database

LATE: Final = date(2025, 3, 1)
"""A day on which every loan of the town is overdue."""
COLLECTORS: Final = ("a-collector", "b-collector")
"""Who is on duty on the second day; on the first one nobody was, and the cases waited."""


@dataclass(frozen=True)
class Lived:
    """An office with three loans, repayments, cases, and three applications that wait for people."""

    asking: Asking
    loans: tuple[str, ...]
    applications: tuple[str, ...]
    repayment: str
    cases: tuple[str, ...]
    """The newest first, given by turns; the newest one is worked on."""
    customer_id: int

    @property
    def case(self) -> str:
        """The case that another collector has."""
        return self.cases[1]


def lived_in(db: Database) -> Lived:
    """Open an office and live in it."""
    asking = opened(db)
    waiting = [asking.referred() for _ in range(3)]
    loans = tuple(global_id("ln", asking.disbursed()) for _ in range(3))
    paid: dict[str, Any] = {}
    for n, loan in enumerate(loans):
        given = {
            "idempotencyKey": f"first-{n}",
            "loanId": loan,
            "amount": {"amount": "10.00", "currency": "CNY"},
            "paidOn": TODAY.isoformat(),
        }
        paid = asking.do("repayLoan", given, "... on RepayLoanResult { repayment { id } }", by=Role.PARTNER)
    _undone(asking, loans[-1])
    told = Command(actor="machine", key="close", received_at=AT)
    for on, on_duty in ((LATE - timedelta(days=1), ()), (LATE, COLLECTORS)):
        assert isinstance(close_day(db, on, collectors=on_duty, command=told), Closed)
    with db.transaction() as conn:
        for book in (LENDER_BOOK, PLATFORM_BOOK):
            sequencer.drain(conn, book)
        for day in (ON, ON + timedelta(days=1)):
            lines = (f"PO-{day}-{n}" for n in range(3))
            taken(conn, bank_file(*((no, Kind.COLLECTION, 5, "SUCCESS") for no in lines), on=day), on=day)
        (first,) = reconciliations.discrepancies(conn, first=1)
        wish = Resolve(discrepancy_id=first.discrepancy_id, reason="a test of the bank's")
        assert isinstance(resolve(conn, wish, command=told), StoredDiscrepancy)
    cases = tuple(one["id"] for one in asking.ask("{ collectionCases { nodes { id } } }")["collectionCases"]["nodes"])
    assert len(cases) == 3
    _worked(db, cases[0])
    return Lived(
        asking=asking,
        loans=loans,
        applications=tuple(global_id("ap", one.application_id) for one in waiting),
        repayment=paid["repayment"]["id"],
        cases=cases,
        customer_id=waiting[0].customer_id,
    )


def _undone(asking: Asking, loan: str) -> None:
    """A repayment that did not happen after all."""
    given = {
        "idempotencyKey": "bounced",
        "loanId": loan,
        "amount": {"amount": "20.00", "currency": "CNY"},
        "paidOn": TODAY.isoformat(),
    }
    paid = asking.do("repayLoan", given, "... on RepayLoanResult { repayment { id } }", by=Role.PARTNER)
    undo = {"idempotencyKey": "back", "repaymentId": paid["repayment"]["id"], "effectiveOn": TODAY.isoformat()}
    assert asking.do("reverseRepayment", undo, by=Role.OPERATIONS)["__typename"] == "ReverseRepaymentResult"


def _worked(db: Database, case: str) -> None:
    """A collector calls, is told, and writes a letter that nobody has answered."""
    found = numbers("cs", case)
    assert found is not None
    told = Command(actor=COLLECTORS[0], key="a-call", received_at=AT)
    with db.transaction() as conn:
        attempt = collections.Attempt(
            case_id=found[0],
            channel=Channel.CALL,
            callee=Callee.DEBTOR,
            callee_mask="138****8000",
            local_at=datetime(2025, 3, 1, 10, tzinfo=UTC),
        )
        called = collections.record_contact(conn, attempt, command=told)
        assert isinstance(called, Contact), called
        heard = Result(line_status=LineStatus.ANSWERED, outcome=Outcome.WILLING, talk_seconds=60)
        collections.conclude_contact(conn, contact_id=called.contact_id, result=heard, command=told)
        letter = replace(attempt, channel=Channel.LETTER, callee_mask="****")
        collections.record_contact(conn, letter, command=replace(told, key="a-letter"))
