"""Reads of the party module: channels with their keys, funders, and persons in clear for those who hold the vault."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.dialects.postgresql import distinct_on

from domain.party.customer import BankAccount, IdentityType, Person
from domain.party.partner import (
    Channel,
    ChannelKey,
    ChannelState,
    EncryptType,
    Funder,
    LenderType,
    SignType,
)
from domain.party.tables import (
    bank_account,
    channel_key,
    channel_key_revocation,
    channel_state,
    customer_index,
    customer_key,
    customer_secret,
    funder,
    party,
)
from domain.party.tables import channel as channel_table
from domain.party.vault import SubjectKey, Vault, WrappedKey


def channel(conn: Connection, app_id: str, *, vault: Vault) -> Channel | None:
    """The channel with this application id and its keys, opened; None when there is none."""
    return _channel(conn, channel_table.c.app_id == app_id, vault=vault)


def channel_of(conn: Connection, channel_id: int, *, vault: Vault) -> Channel | None:
    """The channel of this number and its keys, opened; None when there is none."""
    return _channel(conn, channel_table.c.channel_id == channel_id, vault=vault)


def _channel(conn: Connection, where: ColumnElement[bool], *, vault: Vault) -> Channel | None:
    latest = (
        select(channel_state.c.state)
        .where(channel_state.c.channel_id == channel_table.c.channel_id)
        .order_by(channel_state.c.change_id.desc())
        .limit(1)
        .scalar_subquery()
    )
    row = conn.execute(select(channel_table, latest.label("state")).where(where)).one_or_none()
    if row is None:
        return None
    return Channel(
        channel_id=row.channel_id,
        party_id=row.party_id,
        code=row.code,
        app_id=row.app_id,
        name_zh=row.name_zh,
        name_en=row.name_en,
        sign_type=SignType(row.sign_type),
        encrypt_type=EncryptType(row.encrypt_type),
        state=ChannelState(row.state),
        keys=_channel_keys(conn, row.channel_id, vault),
    )


def funder_by_code(conn: Connection, code: str) -> Funder | None:
    """The lending party with this code."""
    row = conn.execute(
        select(party, funder.c.lender_type, funder.c.book).join(funder).where(party.c.code == code)
    ).one_or_none()
    if row is None:
        return None
    return Funder(
        party_id=row.party_id,
        code=row.code,
        name_zh=row.name_zh,
        name_en=row.name_en,
        lender_type=LenderType(row.lender_type),
        book=row.book,
    )


def person(conn: Connection, customer_id: int, *, vault: Vault) -> Person | None:
    """A customer in clear; None when there is none or the person was erased."""
    key = subject_key(conn, vault, customer_id)
    if key is None:
        return None
    known = fields(conn, key)
    return Person(
        name=known["name"],
        identity_type=IdentityType(known["identity_type"]),
        identity_number=known["identity_number"],
        mobile=known["mobile"],
    )


def account(conn: Connection, account_id: int, *, vault: Vault) -> BankAccount | None:
    """A bank account in clear; None when there is none or its owner was erased."""
    row = conn.execute(select(bank_account).where(bank_account.c.account_id == account_id)).one_or_none()
    if row is None:
        return None
    key = subject_key(conn, vault, row.customer_id)
    if key is None:
        return None
    return BankAccount(
        number=key.open(bytes(row.sealed_number), table="party.bank_account", field="number"),
        holder=key.open(bytes(row.sealed_name), table="party.bank_account", field="holder"),
        bank_name=row.bank_name,
        account_type=row.account_type,
        currency=row.currency,
    )


def customer_by_digest(conn: Connection, digest: bytes) -> int | None:
    """The customer whose identity number has this blind index."""
    found = conn.scalar(
        select(customer_index.c.customer_id).where(
            customer_index.c.field == "identity_number", customer_index.c.digest == digest
        )
    )
    return None if found is None else int(found)


def customers_by_mobile(conn: Connection, mobile: str, *, vault: Vault) -> tuple[int, ...]:
    """Customers who have or had this mobile number: exact match, by blind index."""
    rows = conn.scalars(
        select(customer_index.c.customer_id)
        .where(customer_index.c.field == "mobile", customer_index.c.digest == vault.blind_index("mobile", mobile))
        .order_by(customer_index.c.customer_id)
        .distinct()
    )
    return tuple(int(found) for found in rows)


def subject_key(conn: Connection, vault: Vault, customer_id: int, *, lock: bool = False) -> SubjectKey | None:
    """The data key of a person, opened; None when there is no such person or the key was destroyed."""
    asked = select(customer_key).where(customer_key.c.customer_id == customer_id)
    row = conn.execute(asked.with_for_update() if lock else asked).one_or_none()
    if row is None or row.wrapped_key is None:
        return None
    stored = WrappedKey(key_no=row.key_no, master_key_id=row.master_key_id, wrapped=bytes(row.wrapped_key))
    return vault.unwrapped(customer_id, stored)


def fields(conn: Connection, key: SubjectKey) -> dict[str, str]:
    """The latest value of every field of a person, opened."""
    rows = conn.execute(
        select(customer_secret.c.field, customer_secret.c.sealed)
        .ext(distinct_on(customer_secret.c.field))
        .where(customer_secret.c.customer_id == key.subject_id)
        .order_by(customer_secret.c.field, customer_secret.c.secret_id.desc())
    )
    return {row.field: key.open(bytes(row.sealed), table="party.customer_secret", field=row.field) for row in rows}


def secret_name(channel_id: int, key_id: str) -> str:
    """The name that binds a sealed channel key to its row."""
    return f"party.channel_key:{channel_id}:{key_id}"


def _channel_keys(conn: Connection, channel_id: int, vault: Vault) -> tuple[ChannelKey, ...]:
    """All keys of a channel, opened, oldest first."""
    rows = conn.execute(
        select(channel_key, channel_key_revocation.c.revoked_at)
        .outerjoin(channel_key_revocation)
        .where(channel_key.c.channel_id == channel_id)
        .order_by(channel_key.c.valid_from, channel_key.c.key_id)
    )
    return tuple(
        ChannelKey(
            key_id=row.key_id,
            sign_type=SignType(row.sign_type),
            material=vault.open_secret(
                bytes(row.sealed), name=secret_name(channel_id, row.key_id), master_key_id=row.master_key_id
            ),
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            revoked_at=row.revoked_at,
        )
        for row in rows
    )
