"""What servicing asks of the ledger: entries of a group stand or fall together, refusals in the domain's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy import Connection

from domain.product import queries as products
from domain.refusals import Refusal
from domain.servicing.position import Loan
from domain.servicing.posting import SOURCE, Desk, desk
from domain.servicing.refusal import BookRefused, PeriodClosed
from ledger import books, journal
from ledger.entry import Entry
from ledger.period import PeriodState
from ledger.rule import Rule


def post_each(conn: Connection, groups_of: Sequence[Sequence[Entry]]) -> list[list[int] | Refusal]:
    """Post groups of entries, each whole or not at all: together, and one by one only when one of them is refused."""
    if not groups_of:
        return []
    together = post(conn, [entry for group in groups_of for entry in group])
    if isinstance(together, Refusal):
        return [post(conn, group) for group in groups_of]
    ids = iter(together)
    return [[next(ids) for _ in group] for group in groups_of]


def months_of(conn: Connection, of: Iterable[int]) -> dict[int, dict[int, PeriodState]]:
    """Return the state of each accounting month, by book."""
    found = books.periods_of(conn, sorted(of))
    return {book: {one.period_id: one.state for one in months} for book, months in found.items()}


def desks_of(conn: Connection, versions: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Desk]:
    """Return, for each product version, who keeps accounts of its loans and by which rules."""
    made = {}
    for of in versions:
        version = products.version(conn, product_id=of[0], version=of[1])
        assert version is not None, "a loan's product version is published"
        made[of] = desk(version)
    return made


def post(conn: Connection, entries: Iterable[Entry]) -> list[int] | Refusal:
    """Post all or nothing, and name the entries; a refusal leaves no entry of the group behind."""
    with conn.begin_nested() as savepoint:
        ids = ids_of(journal.append(conn, list(entries)), all_or_nothing=False)
        if isinstance(ids, Refusal):
            savepoint.rollback()
        return ids


def ids_of(verdicts: Sequence[journal.Verdict], *, all_or_nothing: bool = True) -> list[int] | Refusal:
    """Return the entries that the journal made, or why it refused."""
    refused = [one for one in verdicts if isinstance(one, journal.Refused)]
    if not refused:
        return [one.entry_id for one in verdicts if not isinstance(one, journal.Refused)]
    assert not all_or_nothing or len(refused) == len(verdicts), "entries of one date and book stand or fall together"
    return book_refusal(refused[0])


def book_refusal(refused: journal.Refused) -> Refusal:
    """Return the ledger's refusal in the domain's words."""
    if refused.code is journal.RefusalCode.PERIOD_CLOSED:
        return PeriodClosed(detail=refused.detail)
    return BookRefused(reason=refused.code, detail=refused.detail)


def reverse(conn: Connection, book: int, entry_id: int, *, key: str, on: date, actor: str, why: str) -> int | Refusal:
    """Post the red reversal of an entry, exactly once per key."""
    verdict = journal.reverse(
        conn,
        book=book,
        entry_id=entry_id,
        source=SOURCE,
        key=key,
        effective_on=on,
        actor=actor,
        description=why,
        is_red=True,
    )
    return book_refusal(verdict) if isinstance(verdict, journal.Refused) else verdict.entry_id


def version_of(loan: Loan) -> tuple[int, int]:
    """Return the product version that rules a loan."""
    return loan.product_id, loan.product_version


def rules_of(conn: Connection, loan: Loan) -> Mapping[str, Rule]:
    """Return the posting rules of a loan's product version."""
    return version_rules(conn, version_of(loan))


def version_rules(conn: Connection, of: tuple[int, int]) -> Mapping[str, Rule]:
    """Return the posting rules of a product version."""
    version = products.version(conn, product_id=of[0], version=of[1])
    assert version is not None, "a loan's product version is published"
    return version.posting_rules
