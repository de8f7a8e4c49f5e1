"""Writes of the product module: one person proposes a version, another publishes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import Connection, func, insert, select

from domain.command import Command
from domain.product import queries, tables
from domain.product.accounting import Party, accounts
from domain.product.publication import AccountUnknown, VersionNotNext, content, faults, restored, sealed
from domain.product.version import ProductVersion
from domain.refusals import Invalid, KeyReused, NotFound, Refusal, SamePerson
from ledger import books


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A draft that waits for its checker; `version` has its product id, number and hash."""

    proposal_id: int
    version: ProductVersion


def propose(
    conn: Connection, draft: ProductVersion, command: Command
) -> Proposed | Invalid | VersionNotNext | KeyReused:
    """Put a version forward. Product id, number and hash of the draft are given here; all its faults are told at once.

    The same key with the same content returns the same proposal.
    """
    wrong = (*faults(draft), *_account_faults(conn, draft))
    if wrong:
        return Invalid(faults=wrong)
    conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"product {draft.code}", 0))))
    product_id = queries.product_id(conn, draft.code)
    before = conn.execute(
        select(tables.proposal).where(
            tables.proposal.c.proposed_by == command.actor, tables.proposal.c.key == command.key
        )
    ).one_or_none()
    if before is not None:
        again = sealed(replace(draft, product_id=before.product_id, version=before.version))
        same = again.content_hash == before.content_hash
        return Proposed(proposal_id=before.proposal_id, version=again) if same else KeyReused()
    if product_id is None:
        row = insert(tables.product).values(code=draft.code, created_at=command.received_at, created_by=command.actor)
        product_id = int(conn.execute(row.returning(tables.product.c.product_id)).scalar_one())
    last = queries.latest(conn, code=draft.code)
    number = 1 if last is None else last.version + 1
    if last is not None and draft.effective_from < last.effective_from:
        return VersionNotNext(field="effective_from", expected=number)
    version = sealed(replace(draft, product_id=product_id, version=number))
    stored = insert(tables.proposal).values(
        product_id=product_id,
        version=number,
        content=content(version),
        content_hash=version.content_hash,
        proposed_at=command.received_at,
        proposed_by=command.actor,
        key=command.key,
    )
    proposal_id = int(conn.execute(stored.returning(tables.proposal.c.proposal_id)).scalar_one())
    return Proposed(proposal_id=proposal_id, version=version)


def publish(
    conn: Connection, *, proposal_id: int, command: Command
) -> ProductVersion | NotFound | SamePerson | VersionNotNext | Invalid:
    """Publish a proposal; the checker is not its maker. Publishing it again returns the version that is there.

    Refused when another version with the same number was published since, or the charts of account changed.
    """
    row = conn.execute(select(tables.proposal).where(tables.proposal.c.proposal_id == proposal_id)).one_or_none()
    if row is None:
        return NotFound(what="proposal")
    version = restored(row.content)
    assert version.content_hash == row.content_hash, f"proposal {proposal_id} is not what was proposed"
    if row.proposed_by == command.actor:
        return SamePerson()
    conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"product {version.code}", 0))))
    last = queries.latest(conn, code=version.code)
    if last is not None and last == version:
        return last
    expected = 1 if last is None else last.version + 1
    if version.version != expected:
        return VersionNotNext(expected=expected)
    wrong = _account_faults(conn, version)
    if wrong:
        return Invalid(faults=wrong)
    conn.execute(
        insert(tables.version).values(
            product_id=version.product_id,
            version=version.version,
            content=row.content,
            content_hash=version.content_hash,
            effective_from=version.effective_from,
            proposal_id=proposal_id,
            proposed_by=row.proposed_by,
            published_at=command.received_at,
            published_by=command.actor,
        )
    )
    return version


def _account_faults(conn: Connection, version: ProductVersion) -> tuple[Refusal, ...]:
    """Accounts of the rules that the chart of their book does not have, or that cannot be posted to."""
    used: list[tuple[int, str, Iterable[str]]] = [
        (version.lender_book, "posting_rules", accounts(version.posting_rules, party=Party.LENDER)),
        (version.platform_book, "posting_rules", accounts(version.posting_rules, party=Party.PLATFORM)),
    ]
    if version.guarantor is not None:
        guarantor = accounts(version.posting_rules, party=Party.GUARANTOR)
        used.append((version.guarantor.book, "posting_rules", guarantor))
    if version.syndicate is not None:
        partner = accounts(version.syndicate.rules, party=Party.LENDER)
        used += [(book, "syndicate.rules", partner) for book in version.syndicate.books.values()]
    return tuple(
        AccountUnknown(field=field, book=book, account=code)
        for book, field, codes in used
        for code in sorted(
            set(codes) - {account.code for account in books.chart(conn, book).values() if account.postable}
        )
    )
