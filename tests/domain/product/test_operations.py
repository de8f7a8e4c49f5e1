from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from domain.command import Command
from domain.product import operations, queries
from domain.product.operations import Proposed
from domain.product.publication import AccountUnknown, VersionNotNext
from domain.product.version import ProductVersion
from domain.refusals import Invalid, KeyReused, NotFound, SamePerson
from ledger.rule import Leg
from seed import chart
from seed.products import CODE, RULES, draft

FROM = date(2026, 1, 1)
AT = datetime(2026, 1, 1, tzinfo=UTC)
DRAFT = draft(funder_id=7, effective_from=FROM)


@pytest.fixture(autouse=True)
def books(conn: Connection) -> None:
    chart.open_books(conn, from_on=FROM, months=1)


def command(actor: str, key: str = "k") -> Command:
    return Command(actor=actor, key=key, received_at=AT)


def propose(conn: Connection, version: ProductVersion = DRAFT, key: str = "k") -> Proposed:
    proposed = operations.propose(conn, version, command("maker", key))
    assert isinstance(proposed, Proposed)
    return proposed


def publish(conn: Connection, proposed: Proposed) -> ProductVersion:
    version = operations.publish(conn, proposal_id=proposed.proposal_id, command=command("checker"))
    assert isinstance(version, ProductVersion)
    return version


def test_two_people_publish_a_version_that_is_read_back_as_it_was(conn: Connection) -> None:
    proposed = propose(conn)
    assert queries.latest(conn, code=CODE) is None
    version = publish(conn, proposed)
    assert version == proposed.version
    assert (version.version, len(version.content_hash)) == (1, 64)
    assert queries.version(conn, product_id=version.product_id, version=1) == version
    assert queries.version(conn, product_id=version.product_id, version=2) is None
    assert publish(conn, proposed) == version


def test_the_maker_cannot_publish(conn: Connection) -> None:
    refused = operations.publish(conn, proposal_id=propose(conn).proposal_id, command=command("maker"))
    assert isinstance(refused, SamePerson)
    assert queries.latest(conn, code=CODE) is None


def test_an_unknown_proposal(conn: Connection) -> None:
    assert isinstance(operations.publish(conn, proposal_id=999_999, command=command("checker")), NotFound)


def test_a_draft_with_faults_is_told_all_of_them_and_stored_nowhere(conn: Connection) -> None:
    rules = {**RULES, "INTEREST_DUE": replace(RULES["INTEREST_DUE"], legs=(Leg("interest", "1132", "1303.99"),))}
    wrong = replace(DRAFT, grace_days=-1, posting_rules=rules)
    refused = operations.propose(conn, wrong, command("maker"))
    assert isinstance(refused, Invalid)
    assert [fault.code for fault in refused.faults] == [
        "PRODUCT_PARAMETER_RANGE",
        "PRODUCT_ACCOUNT_UNKNOWN",
        "PRODUCT_ACCOUNT_UNKNOWN",
    ]
    assert {fault.account for fault in refused.faults if isinstance(fault, AccountUnknown)} == {"1132", "1303.99"}
    assert queries.product_id(conn, CODE) is None


def test_a_proposal_is_made_once_per_key(conn: Connection) -> None:
    first = propose(conn)
    assert propose(conn) == first
    other = operations.propose(conn, replace(DRAFT, grace_days=5), command("maker"))
    assert isinstance(other, KeyReused)


def test_versions_take_effect_by_date(conn: Connection) -> None:
    first = publish(conn, propose(conn))
    dearer = replace(DRAFT, interest_rate_annual=Decimal("0.16"), effective_from=date(2026, 6, 1))
    second = publish(conn, propose(conn, dearer, "k2"))
    assert (second.version, second.product_id) == (2, first.product_id)
    assert queries.effective(conn, code=CODE, on=date(2025, 12, 31)) is None
    assert queries.effective(conn, code=CODE, on=date(2026, 5, 31)) == first
    assert queries.effective(conn, code=CODE, on=date(2026, 6, 1)) == second
    assert queries.effective(conn, code="NONE", on=FROM) is None


def test_of_two_proposals_for_the_same_number_one_is_published(conn: Connection) -> None:
    one = propose(conn)
    other = propose(conn, replace(DRAFT, grace_days=5), "k2")
    publish(conn, one)
    refused = operations.publish(conn, proposal_id=other.proposal_id, command=command("checker"))
    assert refused == VersionNotNext(expected=2)


def test_a_version_cannot_take_effect_before_the_last(conn: Connection) -> None:
    publish(conn, propose(conn))
    earlier = operations.propose(conn, replace(DRAFT, effective_from=date(2025, 1, 1)), command("maker", "k2"))
    assert isinstance(earlier, VersionNotNext)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE product.version SET effective_from = '2020-01-01'",
        "DELETE FROM product.version",
        "UPDATE product.proposal SET proposed_by = 'x'",
    ],
)
def test_versions_cannot_be_changed(conn: Connection, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), conn.begin_nested():
        conn.execute(text(statement))
