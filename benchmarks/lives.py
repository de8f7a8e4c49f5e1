"""What a position costs on a loan with a long history, against the same loan with a short one.

A fact a day: the loan of 700 facts is nearly two years old, that of 30 a month. All else about the two is the same.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from statistics import median
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection

from benchmarks.measures import Measure, Ratio, Size, interleaved, machine, often
from domain.command import Command
from domain.refusals import Refusal
from domain.servicing import tables
from domain.servicing.allocation import STRATEGIES
from domain.servicing.change import position_in
from domain.servicing.contract import DEFAULT, Bearing, Contract, LifeTerms
from domain.servicing.daycount import DayCount
from domain.servicing.document import payload
from domain.servicing.fact import Disburse, Fact, Pay
from domain.servicing.life import extend, replay
from domain.servicing.milestone import milestones, resumed
from domain.servicing.operations.disbursement import Created, CreateLoan, create_loan, disburse_succeeded
from domain.servicing.operations.milestone import retell
from domain.servicing.operations.repayment import repay
from domain.servicing.operations.row import write_many
from domain.servicing.operations.sweep import (
    Sweep,
    accrue_interest,
    accrue_penalty,
    apply_overpayments,
    fall_due,
    move_overdue,
)
from domain.servicing.position import Position
from domain.servicing.queries.position import position
from domain.servicing.repayment import Repay
from domain.servicing.terms import Terms
from ledger.money import Money, Rounding
from postgres.database import Database
from seed import chart, products

START: Final = date(2024, 1, 15)
AT: Final = datetime(2024, 1, 15, 2, 0, tzinfo=UTC)
LONG: Final = 703
SHORT: Final = 32
"""About 700 and 30, at the places between two milestones that are the worst for the long one."""
MONTHS: Final = 36
MONTH: Final = 30
"""Days from one close of a plain loan to the next."""
TERMS: Final = Terms(
    principal=200_000_00,
    currency="CNY",
    rate_annual=Decimal("0.154"),
    instalments=MONTHS,
    start_on=START,
    day_count=DayCount.ACT_365F,
    rounding=Rounding.HALF_UP,
    grace_days=3,
    penalty_rate_annual=Decimal("0.231"),
)
CONTRACT: Final = Contract(
    terms=TERMS,
    life=LifeTerms(bearing=Bearing.DAILY, strategies=MappingProxyType({DEFAULT: STRATEGIES["BANK_NORMAL"]})),
)
SWEEPS: Final = (
    accrue_interest,
    fall_due,
    apply_overpayments,
    move_overdue,
    accrue_penalty,
)
"""The steps of a close of business on a plain loan."""


def pure(database: Database, owner: Database, size: Size) -> Ratio:
    """The position of a life at hand after one more fact, and of one that goes on from its newest milestone."""
    del database, owner
    known = {n: _facts(n) for n in (LONG, SHORT)}
    lives = {n: replay(CONTRACT, facts, on=facts[-1].value_on) for n, facts in known.items()}
    marks = {n: tuple(milestones(CONTRACT, facts))[-1] for n, facts in known.items()}

    def at_hand(n: int) -> Position:
        more = _paid(n + 1)
        return position_in(extend(lives[n], more, on=more.value_on), loan_id=n)

    def from_milestone(n: int) -> Position:
        life = resumed(CONTRACT, marks[n], known[n][marks[n].no :], on=known[n][-1].value_on)
        assert life is not None, "no fact reaches back"
        return position_in(life, loan_id=n)

    def whole(n: int) -> Position:
        return position_in(replay(CONTRACT, known[n], on=known[n][-1].value_on), loan_id=n)

    assert all(from_milestone(n) == whole(n) for n in known), "a milestone changes no answer"
    sides = {"ours": (at_hand, LONG), "peer": (at_hand, SHORT), "marked": (from_milestone, LONG)}
    sides |= {"marked short": (from_milestone, SHORT)}
    rates = interleaved(
        size.rounds, {name: partial(_each, partial(read, n), size.seconds) for name, (read, n) in sides.items()}
    )
    told = {n: _each(partial(whole, n), 0, "") for n in known}
    return Ratio(
        name=f"position after one more fact on {LONG} daily facts over on {SHORT}, pure",
        ours=rates["ours"],
        peer=rates["peer"],
        unit="1/s",
        goal=0.5,
        conditions=f"a life at hand, {MONTHS} instalments, interest on the daily balance, processor time, {machine()}",
        figures={
            "from the newest milestone, ratio": rates["marked"] / rates["marked short"],
            "told from the beginning, ratio": told[LONG] / told[SHORT],
        },
    )


def living(database: Database, owner: Database, size: Size) -> Ratio:
    """The position of a living loan out of the database: contract, newest milestone, the facts after it."""
    del owner
    return _stored(database, size, database.run(_living), "living: a payment a day, interest on the daily balance")


def plain(database: Database, owner: Database, size: Size) -> Ratio:
    """The position of a plain loan out of the database: its plan, what was paid of it, what was accrued."""
    del owner
    return _stored(database, size, database.run(_plain), "plain: a payment a day, a close a month")


MEASURES: Final[Mapping[str, Measure]] = MappingProxyType(
    {"position": living, "position-plain": plain, "position-pure": pure}
)
"""By name; they open books of their own."""


def _stored(database: Database, size: Size, loans: Mapping[int, int], lived: str) -> Ratio:
    def read(n: int, _name: str) -> float:
        on = START + timedelta(days=n - 1)
        return often(lambda conn: position(conn, loan_id=loans[n], on=on), database, size)

    rates = interleaved(size.rounds, {"ours": partial(read, LONG), "peer": partial(read, SHORT)})
    return Ratio(
        name=f"position on {LONG} daily facts over on {SHORT}, from the database",
        ours=rates["ours"],
        peer=rates["peer"],
        unit="1/s",
        goal=0.5,
        conditions=f"{lived}, {MONTHS} instalments, medians, one connection, {machine()}",
        figures={"ours p50 ms": 1_000 / rates["ours"], "peer p50 ms": 1_000 / rates["peer"]},
    )


def _each(read: Callable[[], object], seconds: float, _name: str) -> float:
    """How often `read` is done in a second of processor time, by its median."""
    spent: list[float] = []
    stop = time.perf_counter() + seconds / 4
    while not spent or time.perf_counter() < stop:
        started = time.process_time()
        read()
        spent.append(time.process_time() - started)
    return 1 / median(spent)


def _paid(no: int) -> Pay:
    """A payment of a day, a little different each day; all of them together meet what falls due."""
    on = START + timedelta(days=no - 1)
    return Pay(no=no, value_on=on, booked_on=on, amount=232_00 + no % 7)


def _facts(count: int) -> tuple[Fact, ...]:
    lent = Disburse(no=1, value_on=START, booked_on=START, amount=TERMS.principal)
    return (lent, *(_paid(no) for no in range(2, count + 1)))


def _living(conn: Connection) -> dict[int, int]:
    """Living loans with so many facts, written at once: the journal is not asked here."""
    made = {n: _lent(conn, n, CONTRACT) for n in (SHORT, LONG)}
    rows = [
        {
            "loan_id": loan_id,
            "no": fact.no,
            "kind": type(fact).__name__,
            "value_on": fact.value_on,
            "booked_on": fact.booked_on,
            "payload": payload(fact),
            "actor": "bench",
            "key": f"{loan_id}-{fact.no}",
            "recorded_at": AT,
        }
        for n, loan_id in made.items()
        for fact in _facts(n)[1:]
    ]
    write_many(conn, tables.fact, rows)
    retell(conn, list(made.values()))
    return made


def _plain(conn: Connection) -> dict[int, int]:
    """Plain loans, paid every day and closed every month through the operations of production."""
    made = {n: _lent(conn, n, None) for n in (SHORT, LONG)}
    low, high = min(made.values()), max(made.values())
    for no in range(2, LONG + 1):
        paid = _paid(no)
        payments = [
            Repay(
                loan_id=loan_id,
                amount=Money(paid.amount, TERMS.currency),
                paid_on=paid.value_on,
                command=_command(f"{loan_id}-{no}"),
            )
            for n, loan_id in made.items()
            if no <= n
        ]
        _done(repay(conn, payments))
        for step in SWEEPS if no % MONTH == 0 else ():
            on = paid.value_on
            sweep = Sweep(on=on, low=low, high=high, key=f"{on}:{step.__name__}", command=_command(f"{on}"))
            _done([step(conn, sweep)])
    return made


def _lent(conn: Connection, number: int, contract: Contract | None) -> int:
    chart.open_books(conn, from_on=START.replace(day=1), months=MONTHS)
    create = CreateLoan(
        application_id=number,
        product=products.publish(conn, funder_id=2, effective_from=START.replace(day=1)),
        principal=Money(TERMS.principal, "CNY"),
        term_months=MONTHS,
        customer_id=7,
        party_id=3,
        channel_id=5,
        start_on=START,
        command=_command(f"create-{number}"),
        contract=contract,
    )
    made = create_loan(conn, create)
    assert isinstance(made, Created), made
    loan_id = made.loan.loan_id
    _done([disburse_succeeded(conn, loan_id=loan_id, on=START, command=_command(f"paid-{number}"))])
    return loan_id


def _command(key: str) -> Command:
    return Command(actor="bench", key=key, received_at=AT)


def _done(answers: Sequence[object]) -> None:
    assert not any(isinstance(one, Refusal) for one in answers), answers
