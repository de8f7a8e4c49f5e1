from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from threading import Barrier

import pytest
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import ProgrammingError

from domain.command import Command
from domain.party import operations, queries, tables
from domain.party.customer import BankAccount, CustomerErased, CustomerNameDiffers, Person
from domain.refusals import NotFound
from postgres.database import Database
from seed.keys import development_vault

VAULT = development_vault()
COMMAND = Command(actor="test", key="k", received_at=datetime(2026, 3, 5, tzinfo=UTC))
WANG = Person(name="王伟", identity_number="11010519491231002X", mobile="13800138000")
CARD = BankAccount(
    number="4111111111111111", holder="王伟", bank_name="示范银行", account_type="DEBIT_CARD", currency="CNY"
)


def register(conn: Connection, person: Person = WANG) -> int:
    found = operations.register_customer(conn, person, vault=VAULT, command=COMMAND)
    assert isinstance(found, int)
    return found


def test_a_person_is_registered_once_and_read_back(conn: Connection) -> None:
    first = register(conn)
    assert register(conn) == first
    assert queries.person(conn, first, vault=VAULT) == WANG
    assert queries.customers_by_mobile(conn, WANG.mobile, vault=VAULT) == (first,)


def test_nothing_personal_stands_in_clear_in_any_table(conn: Connection) -> None:
    customer_id = register(conn)
    operations.register_account(conn, CARD, customer_id=customer_id, vault=VAULT, command=COMMAND)
    for table in ("customer", "customer_key", "customer_secret", "customer_index", "bank_account"):
        for row in conn.execute(text(f"SELECT * FROM party.{table}")):
            shown = " ".join(bytes(one).hex() if isinstance(one, memoryview | bytes) else str(one) for one in row)
            for secret in (WANG.name, WANG.identity_number, WANG.mobile, CARD.number):
                assert secret not in shown
                assert secret.encode().hex() not in shown


def test_a_new_mobile_is_added_and_the_old_one_still_finds(conn: Connection) -> None:
    customer_id = register(conn)
    assert register(conn, replace(WANG, mobile="13900139000")) == customer_id
    found = queries.person(conn, customer_id, vault=VAULT)
    assert found is not None
    assert found.mobile == "13900139000"
    for mobile in ("13800138000", "13900139000"):
        assert queries.customers_by_mobile(conn, mobile, vault=VAULT) == (customer_id,)


def test_a_known_number_under_another_name_is_refused(conn: Connection) -> None:
    register(conn)
    other = operations.register_customer(conn, replace(WANG, name="李四"), vault=VAULT, command=COMMAND)
    assert isinstance(other, CustomerNameDiffers)


def test_accounts_are_kept_once_per_customer(conn: Connection) -> None:
    customer_id = register(conn)
    first = operations.register_account(conn, CARD, customer_id=customer_id, vault=VAULT, command=COMMAND)
    again = operations.register_account(conn, CARD, customer_id=customer_id, vault=VAULT, command=COMMAND)
    assert isinstance(first, int)
    assert first == again
    assert queries.account(conn, first, vault=VAULT) == CARD


def test_erasure_leaves_ids_and_noise(conn: Connection) -> None:
    customer_id = register(conn)
    account_id = operations.register_account(conn, CARD, customer_id=customer_id, vault=VAULT, command=COMMAND)
    assert isinstance(account_id, int)
    sealed = conn.scalar(select(func.count()).select_from(tables.customer_secret))
    assert operations.erase_customer(conn, customer_id=customer_id, command=COMMAND) is None
    assert queries.person(conn, customer_id, vault=VAULT) is None
    assert queries.account(conn, account_id, vault=VAULT) is None
    assert queries.customers_by_mobile(conn, WANG.mobile, vault=VAULT) == ()
    assert conn.scalar(select(func.count()).select_from(tables.customer_secret)) == sealed
    assert isinstance(operations.erase_customer(conn, customer_id=customer_id, command=COMMAND), CustomerErased)
    assert isinstance(
        operations.register_account(conn, CARD, customer_id=customer_id, vault=VAULT, command=COMMAND), CustomerErased
    )
    assert register(conn) != customer_id


def test_unknown_customers(conn: Connection) -> None:
    assert queries.person(conn, 999_999, vault=VAULT) is None
    assert queries.account(conn, 999_999, vault=VAULT) is None
    assert isinstance(operations.erase_customer(conn, customer_id=999_999, command=COMMAND), NotFound)
    refused = operations.register_account(conn, CARD, customer_id=999_999, vault=VAULT, command=COMMAND)
    assert isinstance(refused, NotFound)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE party.customer SET created_by = 'x'",
        "UPDATE party.customer_secret SET sealed = ''",
        "UPDATE party.customer_key SET key_no = 2",
        "UPDATE party.channel_key SET valid_to = now()",
        "UPDATE party.bank_account SET last_four = '0000'",
        "DELETE FROM party.customer_secret",
        "DELETE FROM party.customer_key",
        "TRUNCATE party.customer_index",
    ],
)
def test_facts_cannot_be_changed_by_the_application(conn: Connection, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), conn.begin_nested():
        conn.execute(text(statement))


def test_twins_that_register_together_are_one_customer(db: Database) -> None:
    start = Barrier(2)

    def go(_: int) -> int:
        with db.transaction() as conn:
            start.wait()
            return register(conn)

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(go, range(2))
    assert one == two


def test_an_erasure_and_a_registration_at_once_come_one_after_the_other(db: Database) -> None:
    with db.transaction() as conn:
        first = register(conn)
    start = Barrier(2)

    def erase() -> None:
        with db.transaction() as conn:
            start.wait()
            assert operations.erase_customer(conn, customer_id=first, command=COMMAND) is None

    def again() -> int:
        with db.transaction() as conn:
            start.wait()
            return register(conn, replace(WANG, mobile="13900139000"))

    with ThreadPoolExecutor(2) as pool:
        erased, registered = pool.submit(erase), pool.submit(again)
        erased.result()
        found = registered.result()
    with db.transaction() as conn:
        assert queries.person(conn, first, vault=VAULT) is None
        left = queries.customers_by_mobile(conn, "13900139000", vault=VAULT)
    assert left == (() if found == first else (found,))
