"""Writes of reconciliation: take a bank's file of a day, and close a difference by hand."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from sqlalchemy import Connection, insert

from domain.command import Command
from domain.payment import operations as payments
from domain.payment import queries as payment_queries
from domain.payment.order import Kind, Observation, Outcome, Source, State
from domain.reconciliation import queries
from domain.reconciliation.discrepancy import Action, Class, Discrepancy, StoredDiscrepancy, settled_by
from domain.reconciliation.matching import Match, Matching, match
from domain.reconciliation.queries import Run
from domain.reconciliation.statement_file import Problem, Profile, StatementFile, Unreadable, digest, parse
from domain.reconciliation.tables import discrepancy, discrepancy_resolution, run, statement_file, statement_row
from domain.reconciliation.tables import match as match_table
from domain.refusals import NotFound, Refusal
from ledger import journal
from ledger.entry import NO_DIMENSIONS, Dimensions, Entry
from ledger.money import Money, total
from ledger.rule import Rule, apply

AMOUNT = "amount"
"""The component that the settlement rule reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRefused(Refusal):
    """The file is not whole or not right; nothing of it was used, and every problem is told."""

    code: ClassVar[str] = "RECONCILIATION_FILE_REFUSED"
    zh: ClassVar[str] = "对账文件有误, 已整体拒收; 首个问题在第 {line_no} 行: {fault} {detail}"
    en: ClassVar[str] = "the file is refused as a whole; first problem at line {line_no}: {fault} {detail}"

    problems: tuple[Problem, ...]
    line_no: int
    fault: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayAlreadyReconciled(Refusal):
    """Another file of this date was taken; a second one needs people."""

    code: ClassVar[str] = "RECONCILIATION_DAY_TAKEN"
    zh: ClassVar[str] = "{business_on} 的对账文件已处理 (批次 {run_id}), 不接受另一份"
    en: ClassVar[str] = "another file of {business_on} was already reconciled in run {run_id}"

    business_on: date
    run_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRefused(Refusal):
    """The ledger does not take the settlement or adjustment entry."""

    code: ClassVar[str] = "RECONCILIATION_ENTRY_REFUSED"
    zh: ClassVar[str] = "账务拒绝入账: {ledger_code} {detail}"
    en: ClassVar[str] = "the ledger refused the entry: {ledger_code} {detail}"

    ledger_code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscrepancyClosed(Refusal):
    """The difference was closed before, in another way."""

    code: ClassVar[str] = "RECONCILIATION_DISCREPANCY_CLOSED"
    zh: ClassVar[str] = "差异 {discrepancy_id} 已处理: {action}"
    en: ClassVar[str] = "discrepancy {discrepancy_id} was already closed: {action}"

    discrepancy_id: int
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How the day's collections are booked as money at the bank: book, rule (CHANNEL_SETTLED), date, dimensions."""

    book: int
    rule: Rule
    effective_on: date
    """The date of the settlement, T+1 of the file."""
    dims: Dimensions = NO_DIMENSIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What a file did."""

    run: Run
    is_replay: bool
    """The same content was reconciled before; nothing happened now."""
    resolved: tuple[payments.Recorded, ...] = ()
    """Orders of ours that the file decided; the effect has run for them."""
    settled: Money | None = None
    """What was booked as settled now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve:
    """The wish to close a difference by hand; ADJUSTED comes with its entry, EXPLAINED without."""

    discrepancy_id: int
    reason: str
    adjustment: Entry | None = None

    @property
    def action(self) -> Action:
        """EXPLAINED, or ADJUSTED when an entry is booked."""
        return Action.EXPLAINED if self.adjustment is None else Action.ADJUSTED


def reconcile(
    conn: Connection,
    *,
    raw: bytes,
    profile: Profile,
    business_on: date,
    settlement: Settlement,
    command: Command,
    effect: payments.Effect = payments.no_effect,
) -> Reconciled | FileRefused | DayAlreadyReconciled | EntryRefused:
    """Take a bank's file of a date: match it, let it decide open orders, settle its collections, register differences.

    The same content again is a replay under any name. What the file decides runs through the caller's `effect` in this
    transaction. Earlier differences MISSING_AT_BANK that this file lists are closed as carried. A refused file is kept
    with its problems.
    """
    before = queries.run_of_content(conn, profile=profile.code, sha256=digest(raw))
    if before is not None:
        return Reconciled(run=before, is_replay=True)
    file = parse(raw, profile, business_on=business_on)
    if isinstance(file, Unreadable):
        return _refused(conn, file, profile=profile, business_on=business_on, command=command)
    taken = queries.run_of_day(conn, profile=profile.code, business_on=business_on)
    if taken is not None:
        return DayAlreadyReconciled(business_on=business_on, run_id=taken.run_id)
    matching = _matched(conn, file)
    decided = _decided(matching.discrepancies)
    settled = _settled_amount(matching, decided)
    posted = _settle(conn, settled, file=file, settlement=settlement, command=command)
    if isinstance(posted, EntryRefused):
        return posted
    recorded = _hear(conn, file, decided, command=command, effect=effect)
    run_id = _write(conn, file, matching, settlement=settlement, entry_id=posted, command=command)
    _close(conn, run_id, matching, recorded, command=command)
    done = queries.run_of(conn, run_id=run_id)
    assert done is not None, "written a moment ago"
    changed = tuple(one for one in recorded if one.changed)
    return Reconciled(run=done, is_replay=False, resolved=changed, settled=settled)


def resolve(
    conn: Connection, wish: Resolve, *, command: Command
) -> StoredDiscrepancy | NotFound | DiscrepancyClosed | EntryRefused:
    """Close a difference by hand, booking the adjustment entry if there is one; the same wish again is a replay."""
    assert wish.reason, "a difference is closed with a reason"
    found = queries.discrepancy_of(conn, discrepancy_id=wish.discrepancy_id)
    if found is None:
        return NotFound(what="discrepancy")
    if found.resolution is not None:
        same = (found.resolution.action, found.resolution.reason) == (wish.action, wish.reason)
        closed = DiscrepancyClosed(discrepancy_id=found.discrepancy_id, action=found.resolution.action)
        return found if same else closed
    entry_id = None
    if wish.adjustment is not None:
        (verdict,) = journal.append(conn, [wish.adjustment])
        if isinstance(verdict, journal.Refused):
            return EntryRefused(ledger_code=verdict.code, detail=verdict.detail)
        entry_id = verdict.entry_id
    conn.execute(
        insert(discrepancy_resolution),
        [_resolution(found.discrepancy_id, wish.action, wish.reason, command=command) | {"entry_id": entry_id}],
    )
    after = queries.discrepancy_of(conn, discrepancy_id=wish.discrepancy_id)
    assert after is not None, "it was there a moment ago"
    return after


def _refused(
    conn: Connection, file: Unreadable, *, profile: Profile, business_on: date, command: Command
) -> FileRefused:
    problems = [{"line_no": one.line_no, "fault": one.fault, "detail": one.detail} for one in file.problems]
    conn.execute(
        insert(statement_file).values(
            profile=profile.code,
            business_on=business_on,
            sha256=file.sha256,
            byte_count=file.byte_count,
            taken=False,
            problems=problems,
            actor=command.actor,
            received_at=command.received_at,
        )
    )
    first = file.problems[0]
    return FileRefused(problems=file.problems, line_no=first.line_no, fault=first.fault, detail=first.detail)


def _matched(conn: Connection, file: StatementFile) -> Matching:
    numbers = sorted({row.order_no for row in file.rows})
    orders = payment_queries.of_day(conn, business_on=file.business_on, order_nos=numbers)
    before = queries.listed_before(conn, order_nos=[*numbers, *(order.order_no for order in orders)])
    return match(file.rows, orders, matched_before=before)


def _decided(discrepancies: Sequence[Discrepancy]) -> list[Discrepancy]:
    """Differences whose row says something definite about an order of ours; payment must hear it."""
    telling = {Class.STATUS_MISMATCH, Class.AMOUNT_MISMATCH}
    definite = {Outcome.SUCCEEDED, Outcome.FAILED}
    return [one for one in discrepancies if one.kind in telling and one.row is not None and one.row.outcome in definite]


def _settled_amount(matching: Matching, decided: Sequence[Discrepancy]) -> Money | None:
    """Collections that both sides agree on, before or because of this file; None when there are none."""
    amounts = [one.row.amount for one in matching.collected]
    amounts += [
        one.row.amount
        for one in decided
        if one.row is not None
        and one.order is not None
        and one.kind is Class.STATUS_MISMATCH
        and one.row.outcome is Outcome.SUCCEEDED
        and one.order.state in {State.SENT, State.UNKNOWN}
        and one.order.kind is Kind.COLLECTION
    ]
    currencies = {amount.currency for amount in amounts}
    assert len(currencies) <= 1, "a profile's file is in one currency"
    return total(amounts, currencies.pop()) if amounts else None


def _settle(
    conn: Connection, settled: Money | None, *, file: StatementFile, settlement: Settlement, command: Command
) -> int | EntryRefused | None:
    if settled is None:
        return None
    entry = apply(
        settlement.rule,
        {AMOUNT: settled.minor},
        book=settlement.book,
        currency=settled.currency,
        dims=settlement.dims,
        effective_on=settlement.effective_on,
        source="reconciliation",
        key=f"{file.profile}:{file.business_on.isoformat()}:{file.sha256[:16]}",
        actor=command.actor,
        description=f"channel settlement of {file.business_on.isoformat()}",
    )
    (verdict,) = journal.append(conn, [entry])
    if isinstance(verdict, journal.Refused):
        return EntryRefused(ledger_code=verdict.code, detail=verdict.detail)
    return verdict.entry_id


def _hear(
    conn: Connection,
    file: StatementFile,
    decided: Sequence[Discrepancy],
    *,
    command: Command,
    effect: payments.Effect,
) -> list[payments.Recorded]:
    heard = [
        Observation(
            order_no=one.order_no,
            source=Source.DAY_FILE,
            outcome=one.row.outcome,
            seen_at=command.received_at,
            code="DAY_FILE",
            bank_no=one.row.bank_no,
            amount=one.row.amount,
            event_id=f"{file.sha256[:16]}:{one.row.line_no}",
        )
        for one in decided
        if one.row is not None
    ]
    answers = payments.record(conn, heard, actor=command.actor, effect=effect) if heard else []
    return [answer for answer in answers if isinstance(answer, payments.Recorded)]


def _write(
    conn: Connection,
    file: StatementFile,
    matching: Matching,
    *,
    settlement: Settlement,
    entry_id: int | None,
    command: Command,
) -> int:
    file_id: int = conn.execute(
        insert(statement_file)
        .values(
            profile=file.profile,
            business_on=file.business_on,
            sha256=file.sha256,
            byte_count=file.byte_count,
            taken=True,
            problems=[],
            actor=command.actor,
            received_at=command.received_at,
        )
        .returning(statement_file.c.file_id)
    ).scalar_one()
    rows = [
        {
            "file_id": file_id,
            "line_no": one.line_no,
            "order_no": one.order_no,
            "bank_no": one.bank_no,
            "kind": one.kind,
            "amount_minor": one.amount.minor,
            "currency": one.amount.currency,
            "business_on": one.business_on,
            "outcome": one.outcome,
            "fee_minor": one.fee.minor,
        }
        for one in file.rows
    ]
    if rows:
        conn.execute(insert(statement_row), rows)
    run_id: int = conn.execute(
        insert(run)
        .values(
            file_id=file_id,
            settlement_book=None if entry_id is None else settlement.book,
            settlement_entry_id=entry_id,
            actor=command.actor,
            run_at=command.received_at,
        )
        .returning(run.c.run_id)
    ).scalar_one()
    if matching.matches:
        conn.execute(insert(match_table), [_match(run_id, one) for one in matching.matches])
    if matching.discrepancies:
        conn.execute(insert(discrepancy), [_found(run_id, one) for one in matching.discrepancies])
    return run_id


def _match(run_id: int, one: Match) -> dict[str, object]:
    return {"run_id": run_id, "line_no": one.row.line_no, "order_no": one.row.order_no}


def _found(run_id: int, one: Discrepancy) -> dict[str, object]:
    ours = None if one.order is None else one.order.amount
    theirs = None if one.row is None else one.row.amount
    return {
        "run_id": run_id,
        "kind": one.kind,
        "order_no": one.order_no,
        "line_no": None if one.row is None else one.row.line_no,
        "our_state": "" if one.order is None else one.order.state,
        "our_amount_minor": None if ours is None else ours.minor,
        "our_currency": None if ours is None else ours.currency,
        "bank_outcome": None if one.row is None else one.row.outcome,
        "bank_amount_minor": None if theirs is None else theirs.minor,
        "bank_currency": None if theirs is None else theirs.currency,
    }


def _close(
    conn: Connection, run_id: int, matching: Matching, recorded: Sequence[payments.Recorded], *, command: Command
) -> None:
    """Close what this file has settled: its differences about open orders, and earlier missing ones it lists."""
    after = {one.order.order_no: one.order for one in recorded}
    settled = {
        one.order_no for one in matching.discrepancies if one.order_no in after and settled_by(one, after[one.order_no])
    }
    rows = [
        _resolution(one.discrepancy_id, Action.SETTLED_BY_FILE, "the file decided our open order", command=command)
        for one in _open(conn, settled, Class.STATUS_MISMATCH, run_id=run_id)
    ]
    listed = settled | {one.row.order_no for one in matching.matches}
    rows += [
        _resolution(one.discrepancy_id, Action.CARRIED, "a later file lists the order", command=command)
        for one in _open(conn, listed, Class.MISSING_AT_BANK)
    ]
    if rows:
        conn.execute(insert(discrepancy_resolution), rows)


def _open(
    conn: Connection, order_nos: Collection[str], kind: Class, *, run_id: int | None = None
) -> list[StoredDiscrepancy]:
    found = queries.open_of_orders(conn, order_nos=order_nos, kind=kind)
    return [one for one in found if run_id is None or one.run_id == run_id]


def _resolution(discrepancy_id: int, action: Action, reason: str, *, command: Command) -> dict[str, object]:
    return {
        "discrepancy_id": discrepancy_id,
        "action": action,
        "reason": reason,
        "entry_id": None,
        "actor": command.actor,
        "resolved_at": command.received_at,
    }
