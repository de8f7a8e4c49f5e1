"""Lives of loans, told on from the newest milestone that fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path

from sqlalchemy import ARRAY, BigInteger, Connection, Integer, and_, bindparam, column, func, or_, select, true

from domain.servicing import tables
from domain.servicing.contract import Contract
from domain.servicing.document import contract_of
from domain.servicing.fact import Fact, Levy, Reverse
from domain.servicing.life import Life, replay
from domain.servicing.milestone import Milestone, resumed
from domain.servicing.queries.dossier import fact_from
from domain.servicing.queries.loan import loans_in
from ledger import money


@cache
def engine() -> str:
    """Return the fingerprint of the code that tells lives; a milestone of any other is not believed."""
    here = Path(__file__).parent.parent
    told_by = [one for one in here.glob("*.py") if one.stem != "tables"]
    told_by += [here.parent / "calendar.py", here.parent / "product" / "accounting.py", Path(money.__file__)]
    digest = sha256()
    for one in sorted(told_by):
        digest.update(sha256(one.read_bytes()).digest())
    return digest.hexdigest()[:16]


def lives(conn: Connection, loan_ids: Sequence[int], *, on: date, known_on: date = date.max) -> dict[int, Life]:
    """Return the lives of those loans that are living, each gone on with from its newest milestone that fits."""
    if not loan_ids:
        return {}
    c, m = tables.contract, tables.milestone
    newest = (
        select(m)
        .where(m.c.loan_id == c.c.loan_id, m.c.engine == engine(), m.c.latest_on <= on, m.c.booked_on <= known_on)
        .order_by(m.c.no.desc())
        .limit(1)
        .lateral()
    )
    columns = (newest.c[name] for name in ("no", "latest_on", "latest_rank", "latest_no", "booked_on", "document"))
    asked = select(c.c.loan_id, c.c.document.label("contract"), *columns).outerjoin(newest, true())
    contracts: dict[int, Contract] = {}
    marks: dict[int, Milestone] = {}
    for row in conn.execute(asked.where(loans_in(loan_ids)(c.c.loan_id))):
        contracts[row.loan_id] = contract_of(row.contract)
        if row.no is not None:
            place = (row.latest_on, row.latest_rank, row.latest_no)
            marks[row.loan_id] = Milestone(no=row.no, latest=place, booked_on=row.booked_on, document=row.document)
    later = _facts_after(
        conn, {loan_id: marks[loan_id].no if loan_id in marks else 0 for loan_id in contracts}, on, known_on
    )
    made = {
        loan_id: resumed(contracts[loan_id], mark, later.get(loan_id, ()), on=on) for loan_id, mark in marks.items()
    }
    whole = later | _facts_after(conn, {loan_id: 0 for loan_id, life in made.items() if life is None}, on, known_on)
    return {
        loan_id: made.get(loan_id) or replay(contract, whole.get(loan_id, ()), on=on)
        for loan_id, contract in contracts.items()
    }


def _facts_after(conn: Connection, numbers: Mapping[int, int], on: date, known_on: date) -> dict[int, tuple[Fact, ...]]:
    """Return the facts of each loan after a number that have a say at a date; the others are not read."""
    if not numbers:
        return {}
    f = tables.fact
    ids, after = (
        bindparam("ids", list(numbers), ARRAY(BigInteger)),
        bindparam("after", list(numbers.values()), ARRAY(Integer)),
    )
    since = (
        func.unnest(ids, after)
        .table_valued(column("loan_id", BigInteger), column("no", Integer))
        .render_derived("since")
    )
    # a charge may be due before its value date; a reversal is timeless
    reaches_back = f.c.kind.in_([Levy.__name__, Reverse.__name__])
    asked = (
        select(f)
        .join(since, and_(since.c.loan_id == f.c.loan_id, f.c.no > since.c.no))
        .where(or_(f.c.value_on <= on, reaches_back), f.c.booked_on <= known_on)
        .order_by(f.c.loan_id, f.c.no)
    )
    said: dict[int, list[Fact]] = {}
    for row in conn.execute(asked):
        said.setdefault(row.loan_id, []).append(fact_from(row))
    return {loan_id: tuple(found) for loan_id, found in said.items()}
