"""T+1 on the real database: the bank's own files, edited files, and what follows from each."""

import hashlib
from collections.abc import Sequence
from datetime import date, timedelta
from uuid import uuid4

import pytest
import sqlalchemy
from sqlalchemy import Connection, text

from domain.command import Command
from domain.payment import operations as payments
from domain.payment import queries as payment_queries
from domain.payment.gateway import Channel
from domain.payment.operations import Recorded
from domain.payment.order import Kind, Outcome, PaymentOrder, State
from domain.reconciliation import operations, queries
from domain.reconciliation.discrepancy import Action, Class, StoredDiscrepancy
from domain.reconciliation.operations import (
    DayAlreadyReconciled,
    DiscrepancyClosed,
    EntryRefused,
    FileRefused,
    Reconciled,
    Resolve,
    Settlement,
)
from domain.reconciliation.statement_file import SANDBOX_DAY_FILE
from domain.refusals import NotFound
from ledger import balances
from ledger.entry import Entry, Line, Side
from ledger.money import Money
from ledger.rule import Leg, Rule
from postgres.database import Database
from sandbox.client import BankClient
from seed import chart
from tests.domain.payment.test_operations import COMMAND, ON, cards, heard, made, sent, wish
from tests.sandbox.process import KEY, BankProcess

BOOK = 1
NEXT = ON + timedelta(days=1)
RULE = Rule("CHANNEL_SETTLED", 1, (Leg("amount", "1002.02", "1012.01"),))
SETTLEMENT = Settlement(book=BOOK, rule=RULE, effective_on=NEXT)


@pytest.fixture(autouse=True)
def _books(request: pytest.FixtureRequest) -> None:
    """Open the books in whatever database the test uses."""
    if "db" in request.fixturenames:
        request.getfixturevalue("db").run(lambda conn: chart.open_books(conn, from_on=ON, months=1))
    else:
        chart.open_books(request.getfixturevalue("conn"), from_on=ON, months=1)


def bank_file(*rows: tuple[str, Kind, int, str], on: date = ON) -> bytes:
    """The file that the bank would make of (number, kind, amount, status)."""
    words = {Kind.DISBURSEMENT: "PAY", Kind.COLLECTION: "COLLECT"}
    lines = [f"H|SANDBOX-BANK|zhudai|{on}|1"]
    lines += [f"{number}|B|{words[kind]}|{minor}|CNY|{on}|{status}|0" for number, kind, minor, status in rows]
    body = "".join(f"{line}\n" for line in lines).encode()
    return body + f"T|{len(rows)}|{sum(row[2] for row in rows)}|{hashlib.sha256(body).hexdigest()}\n".encode()


def row(order: PaymentOrder, status: str = "SUCCESS", *, minor: int | None = None) -> tuple[str, Kind, int, str]:
    return order.order_no, order.kind, order.amount.minor if minor is None else minor, status


def ended(conn: Connection, outcome: Outcome, *keys: str, kind: Kind = Kind.COLLECTION) -> list[PaymentOrder]:
    orders = sent(conn, *[wish(key=key, kind=kind) for key in keys])
    if outcome is not Outcome.UNKNOWN:
        payments.record(conn, [heard(one, outcome) for one in orders], actor="bank")
    return orders


def taken(conn: Connection, raw: bytes, *, on: date = ON, effect: payments.Effect = payments.no_effect) -> Reconciled:
    done = operations.reconcile(
        conn,
        raw=raw,
        profile=SANDBOX_DAY_FILE,
        business_on=on,
        settlement=SETTLEMENT,
        command=COMMAND,
        effect=effect,
    )
    assert isinstance(done, Reconciled), done
    return done


def register(conn: Connection) -> list[tuple[Class, str, Action | None]]:
    found = queries.discrepancies(conn, first=99)
    return [(one.kind, one.order_no, one.resolution.action if one.resolution else None) for one in found]


def test_a_clean_day_settles_its_collections_in_one_entry(conn: Connection) -> None:
    collected = ended(conn, Outcome.SUCCEEDED, "a", "b")
    paid = ended(conn, Outcome.SUCCEEDED, "c", kind=Kind.DISBURSEMENT)
    failed = ended(conn, Outcome.FAILED, "d")
    done = taken(conn, bank_file(*[row(one) for one in collected + paid], row(failed[0], "FAILED")))
    assert (done.settled, done.resolved) == (Money(20_000, "CNY"), ())
    run = done.run
    assert (run.row_count, run.matched_count, run.discrepancy_count, run.open_count) == (4, 4, 0, 0)
    assert run.settlement_entry_id is not None
    assert balances.balance_now(conn, book=BOOK, account="1002.02") == 20_000
    assert balances.balance_now(conn, book=BOOK, account="1012.01") == -20_000
    report = queries.day(conn, profile=SANDBOX_DAY_FILE.code, business_on=ON)
    assert report is not None
    assert report.is_clean
    assert [(one.kind, one.count) for one in report.matched] == [(Kind.COLLECTION, 2), (Kind.DISBURSEMENT, 1)]


def test_the_same_file_twice_is_a_replay_and_another_of_the_day_is_refused(conn: Connection) -> None:
    (order,) = ended(conn, Outcome.SUCCEEDED, "a")
    raw = bank_file(row(order))
    first, again = taken(conn, raw), taken(conn, raw)
    assert (first.is_replay, again.is_replay, again.run) == (False, True, first.run)
    assert balances.balance_now(conn, book=BOOK, account="1002.02") == 10_000
    other = operations.reconcile(
        conn,
        raw=bank_file(),
        profile=SANDBOX_DAY_FILE,
        business_on=ON,
        settlement=SETTLEMENT,
        command=COMMAND,
    )
    assert other == DayAlreadyReconciled(business_on=ON, run_id=first.run.run_id)


def test_a_refused_file_is_kept_with_its_problems_and_uses_nothing(conn: Connection) -> None:
    (order,) = ended(conn, Outcome.UNKNOWN, "a")
    raw = bank_file(row(order))
    refused = operations.reconcile(
        conn,
        raw=raw[:-10],
        profile=SANDBOX_DAY_FILE,
        business_on=ON,
        settlement=SETTLEMENT,
        command=COMMAND,
    )
    assert isinstance(refused, FileRefused)
    (file,) = queries.files(conn, business_on=ON)
    assert (file.taken, file.problems) == (False, refused.problems)
    now = payment_queries.order(conn, order_no=order.order_no)
    assert now is not None
    assert now.state is State.UNKNOWN
    assert not taken(conn, raw).is_replay


def test_every_difference_has_its_class(conn: Connection) -> None:
    gone, cheap, wrong = ended(conn, Outcome.SUCCEEDED, "gone", "cheap", "wrong")
    (fine,) = ended(conn, Outcome.SUCCEEDED, "fine")
    rows = [
        row(cheap, minor=9_999),
        row(wrong, "FAILED"),
        row(fine),
        row(fine),
        ("PO-not-ours", Kind.COLLECTION, 5, "SUCCESS"),
    ]
    done = taken(conn, bank_file(*rows))
    assert sorted(register(conn)) == sorted(
        [
            (Class.AMOUNT_MISMATCH, cheap.order_no, None),
            (Class.STATUS_MISMATCH, wrong.order_no, None),
            (Class.DUPLICATE, fine.order_no, None),
            (Class.MISSING_HERE, "PO-not-ours", None),
            (Class.MISSING_AT_BANK, gone.order_no, None),
        ]
    )
    assert (done.settled, done.run.matched_count, done.run.open_count) == (Money(10_000, "CNY"), 1, 5)
    assert {one.order_no for one in payment_queries.anomalous(conn)} == {cheap.order_no, wrong.order_no}


def test_the_file_is_the_last_judge_of_open_orders(conn: Connection) -> None:
    late, refused, odd = ended(conn, Outcome.UNKNOWN, "late", "refused", "odd")
    effects: list[Recorded] = []

    def effect(_: Connection, changed: Sequence[Recorded]) -> None:
        effects.extend(changed)

    done = taken(conn, bank_file(row(late), row(refused, "FAILED"), row(odd, minor=1)), effect=effect)
    expected = {late.order_no: State.SUCCEEDED, refused.order_no: State.FAILED, odd.order_no: State.MANUAL}
    assert {one.order.order_no: one.order.state for one in done.resolved} == expected
    assert tuple(effects) == done.resolved
    assert done.settled == Money(10_000, "CNY")
    assert sorted(register(conn)) == sorted(
        [
            (Class.STATUS_MISMATCH, late.order_no, Action.SETTLED_BY_FILE),
            (Class.STATUS_MISMATCH, refused.order_no, Action.SETTLED_BY_FILE),
            (Class.AMOUNT_MISMATCH, odd.order_no, None),
        ]
    )


def test_a_success_after_our_failure_is_kept_for_people(conn: Connection) -> None:
    (order,) = ended(conn, Outcome.FAILED, "a")
    done = taken(conn, bank_file(row(order)))
    assert (done.resolved, done.settled, done.run.open_count) == ((), None, 1)
    assert [one.order_no for one in payment_queries.anomalous(conn)] == [order.order_no]


def test_what_the_bank_booked_a_day_later_is_carried(conn: Connection) -> None:
    (order,) = ended(conn, Outcome.SUCCEEDED, "a")
    assert taken(conn, bank_file()).run.open_count == 1
    done = taken(conn, bank_file(row(order), on=NEXT), on=NEXT)
    assert (done.settled, done.run.discrepancy_count) == (Money(10_000, "CNY"), 0)
    assert register(conn) == [(Class.MISSING_AT_BANK, order.order_no, Action.CARRIED)]


def test_a_settlement_that_the_ledger_refuses_leaves_nothing(conn: Connection) -> None:
    (order,) = ended(conn, Outcome.SUCCEEDED, "a")
    refused = operations.reconcile(
        conn,
        raw=bank_file(row(order)),
        profile=SANDBOX_DAY_FILE,
        business_on=ON,
        settlement=Settlement(book=BOOK, rule=RULE, effective_on=date(2031, 1, 1)),
        command=COMMAND,
    )
    assert isinstance(refused, EntryRefused)
    assert refused.ledger_code.startswith("LEDGER_PERIOD")
    assert queries.runs(conn, first=9) == ()
    assert queries.files(conn, business_on=ON) == ()


def adjustment(key: str, account: str = "1221.02") -> Entry:
    lines = (Line(account, Side.DEBIT, 5, "CNY"), Line("1012.01", Side.CREDIT, 5, "CNY"))
    return Entry(
        book=BOOK,
        source="reconciliation",
        key=key,
        kind="CHANNEL_DIFFERENCE",
        effective_on=NEXT,
        lines=lines,
        actor="accountant",
    )


def test_people_close_differences_by_word_or_by_entry_once(conn: Connection) -> None:
    rows = [("PO-x", Kind.COLLECTION, 5, "SUCCESS"), ("PO-y", Kind.COLLECTION, 5, "SUCCESS")]
    taken(conn, bank_file(*rows))
    first, second = (one.discrepancy_id for one in queries.discrepancies(conn, first=9, open_only=True))
    command = Command(actor="accountant", key="k", received_at=COMMAND.received_at)

    def close(number: int, entry: Entry | None = None, reason: str = "bank's letter") -> object:
        wish = Resolve(discrepancy_id=number, reason=reason, adjustment=entry)
        return operations.resolve(conn, wish, command=command)

    explained = close(first)
    assert isinstance(explained, StoredDiscrepancy)
    assert close(first) == explained
    assert close(first, reason="another") == DiscrepancyClosed(discrepancy_id=first, action="EXPLAINED")
    assert isinstance(close(second, adjustment("bad", "no such account")), EntryRefused)
    adjusted = close(second, adjustment("good"))
    assert isinstance(adjusted, StoredDiscrepancy)
    assert adjusted.resolution is not None
    assert (adjusted.resolution.action, adjusted.is_open) == (Action.ADJUSTED, False)
    assert balances.balance_now(conn, book=BOOK, account="1221.02") == 5
    assert close(10**9) == NotFound(what="discrepancy")
    assert queries.discrepancies(conn, first=9, open_only=True) == ()


@pytest.mark.parametrize("table", ["statement_file", "statement_row", "run", "match", "discrepancy"])
def test_facts_cannot_be_changed(conn: Connection, table: str) -> None:
    with pytest.raises(sqlalchemy.exc.ProgrammingError, match="permission denied"):
        conn.execute(text(f"DELETE FROM reconciliation.{table}"))


def test_the_banks_own_file_reconciles_a_day_with_every_behaviour(db: Database, bank: BankProcess) -> None:
    tails = ("0000", "9001", "9003", "9004", "9005", "9006", "9007", "9008", "9012")
    wishes = [wish(tail, kind=Kind.COLLECTION, key=tail) for tail in tails]
    with BankClient(bank.url, key=KEY, merchant=uuid4().hex) as client:
        orders = db.run(lambda conn: made(conn, *wishes))
        late = ("9004", "9005")
        others = [wish(kind=Kind.COLLECTION, key=f"with {tail}") for tail in late]
        companions = dict(zip(late, db.run(lambda conn: [one.order_no for one in made(conn, *others)]), strict=True))
        for order in orders:  # one by one, so that a lost reply loses one; late ones answer in a batch with another
            numbers = [order.order_no]
            if order.business_key in companions:
                numbers.append(companions[order.business_key])
            payments.dispatch(db, Channel(gateway=client), cards, numbers, command=COMMAND)
        raw = client.day_file(ON).body
    assert raw is not None
    done = db.run(lambda conn: taken(conn, raw))
    assert {one.order.business_key: one.order.state for one in done.resolved} == {
        "9004": State.SUCCEEDED,
        "9005": State.FAILED,
        "9006": State.SUCCEEDED,
    }
    with db.snapshot() as conn:
        still_open = {(one.kind, one.order_no) for one in queries.discrepancies(conn, first=99, open_only=True)}
    numbers_of = {one.business_key: one.order_no for one in orders}
    assert still_open == {
        (Class.AMOUNT_MISMATCH, numbers_of["9007"]),
        (Class.STATUS_MISMATCH, numbers_of["9008"]),
    }
    assert done.settled == Money(5 * 10_000, "CNY")
