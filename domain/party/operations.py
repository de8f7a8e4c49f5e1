"""Writes of the party module: take in parties, channels and keys; register, extend and erase customers."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, insert, select, update

from domain.command import Command
from domain.party import queries
from domain.party.customer import (
    BankAccount,
    CustomerErased,
    CustomerNameDiffers,
    Person,
    normal_name,
)
from domain.party.partner import ChannelKey, ChannelState, EncryptType, LenderType, PartyKind, SignType
from domain.party.tables import (
    bank_account,
    channel,
    channel_key,
    channel_key_revocation,
    channel_state,
    customer,
    customer_index,
    customer_key,
    customer_secret,
    funder,
    party,
)
from domain.party.vault import SubjectKey, Vault
from domain.refusals import NotFound


def open_party(conn: Connection, *, kind: PartyKind, code: str, name_zh: str, name_en: str, command: Command) -> int:
    """Take in a legal party and return its id; the same code again returns the party that is there."""
    known = conn.scalar(select(party.c.party_id).where(party.c.code == code))
    if known is not None:
        return int(known)
    row = insert(party).values(
        kind=kind.value,
        code=code,
        name_zh=name_zh,
        name_en=name_en,
        created_at=command.received_at,
        created_by=command.actor,
    )
    return int(conn.execute(row.returning(party.c.party_id)).scalar_one())


def open_funder(
    conn: Connection, *, code: str, name_zh: str, name_en: str, lender_type: LenderType, book: int, command: Command
) -> int:
    """Take in a party that lends and keeps the ledger book `book`; return its party id."""
    party_id = open_party(conn, kind=PartyKind.FUNDER, code=code, name_zh=name_zh, name_en=name_en, command=command)
    if conn.scalar(select(funder.c.party_id).where(funder.c.party_id == party_id)) is None:
        conn.execute(insert(funder).values(party_id=party_id, lender_type=lender_type.value, book=book))
    return party_id


def open_channel(
    conn: Connection,
    *,
    party_id: int,
    code: str,
    app_id: str,
    name_zh: str,
    name_en: str,
    sign_type: SignType,
    encrypt_type: EncryptType = EncryptType.NONE,
    command: Command,
) -> int:
    """Open a channel of an asset partner, pinned to one signature algorithm, and return its id."""
    known = conn.scalar(select(channel.c.channel_id).where(channel.c.app_id == app_id))
    if known is not None:
        return int(known)
    row = insert(channel).values(
        party_id=party_id,
        code=code,
        app_id=app_id,
        name_zh=name_zh,
        name_en=name_en,
        sign_type=sign_type.value,
        encrypt_type=encrypt_type.value,
        created_at=command.received_at,
        created_by=command.actor,
    )
    channel_id = int(conn.execute(row.returning(channel.c.channel_id)).scalar_one())
    set_channel_state(conn, channel_id=channel_id, state=ChannelState.ACTIVE, command=command)
    return channel_id


def set_channel_state(conn: Connection, *, channel_id: int, state: ChannelState, command: Command) -> None:
    """Open or suspend a channel from now on."""
    conn.execute(
        insert(channel_state).values(
            channel_id=channel_id, state=state.value, recorded_at=command.received_at, actor=command.actor
        )
    )


def add_channel_key(conn: Connection, *, channel_id: int, key: ChannelKey, vault: Vault, command: Command) -> None:
    """Store a channel's key, sealed; the same key id again changes nothing."""
    known = select(channel_key.c.key_id).where(
        channel_key.c.channel_id == channel_id, channel_key.c.key_id == key.key_id
    )
    if conn.scalar(known) is not None:
        return
    master_key_id, sealed = vault.seal_secret(key.material, name=queries.secret_name(channel_id, key.key_id))
    conn.execute(
        insert(channel_key).values(
            channel_id=channel_id,
            key_id=key.key_id,
            sign_type=key.sign_type.value,
            sealed=sealed,
            master_key_id=master_key_id,
            valid_from=key.valid_from,
            valid_to=key.valid_to,
            recorded_at=command.received_at,
            actor=command.actor,
        )
    )


def revoke_channel_key(conn: Connection, *, channel_id: int, key_id: str, command: Command) -> None:
    """Stop a key at the instant of the command, before its own end."""
    conn.execute(
        insert(channel_key_revocation).values(
            channel_id=channel_id, key_id=key_id, revoked_at=command.received_at, actor=command.actor
        )
    )


def register_customer(conn: Connection, person: Person, *, vault: Vault, command: Command) -> int | CustomerNameDiffers:
    """Return the id of the person with this identity number, made when new.

    Twins that register the same person at once get the same id. A known number under another name is refused; a new
    mobile number is added as the latest.
    """
    digest = vault.blind_index("identity_number", person.identity_number)
    # Only registrations of the same person wait for each other, and only until the first commits.
    conn.execute(select(func.pg_advisory_xact_lock(int.from_bytes(digest[:8], signed=True))))
    customer_id = queries.customer_by_digest(conn, digest)
    # The key is held, so that an erasure comes before or after this and never between.
    key = None if customer_id is None else queries.subject_key(conn, vault, customer_id, lock=True)
    if customer_id is None or key is None:
        return _new_customer(conn, person, digest=digest, vault=vault, command=command)
    known = queries.fields(conn, key)
    if normal_name(known["name"]) != normal_name(person.name):
        return CustomerNameDiffers(field="borrower.name")
    if known["mobile"] != person.mobile:
        _seal_fields(conn, key, {"mobile": person.mobile}, command=command)
        _add_index(conn, {"mobile": vault.blind_index("mobile", person.mobile)}, customer_id=customer_id)
    return customer_id


def register_account(
    conn: Connection, account: BankAccount, *, customer_id: int, vault: Vault, command: Command
) -> int | CustomerErased | NotFound:
    """Return the id of this account of the customer, stored when new; number and holder are sealed."""
    key = queries.subject_key(conn, vault, customer_id, lock=True)
    if key is None:
        found = conn.scalar(select(customer.c.customer_id).where(customer.c.customer_id == customer_id))
        return NotFound(what="customer") if found is None else CustomerErased()
    digest = vault.blind_index("account_number", account.number)
    known = conn.scalar(
        select(customer_index.c.account_id).where(
            customer_index.c.field == "account_number",
            customer_index.c.customer_id == customer_id,
            customer_index.c.digest == digest,
        )
    )
    if known is not None:
        return int(known)
    row = insert(bank_account).values(
        customer_id=customer_id,
        key_no=key.key_no,
        sealed_number=key.seal(account.number, table="party.bank_account", field="number"),
        sealed_name=key.seal(account.holder, table="party.bank_account", field="holder"),
        last_four=account.number[-4:],
        bank_name=account.bank_name,
        account_type=account.account_type,
        currency=account.currency,
        recorded_at=command.received_at,
        actor=command.actor,
    )
    account_id = int(conn.execute(row.returning(bank_account.c.account_id)).scalar_one())
    _add_index(conn, {"account_number": digest}, customer_id=customer_id, account_id=account_id)
    return account_id


def erase_customer(conn: Connection, *, customer_id: int, command: Command) -> CustomerErased | NotFound | None:
    """Destroy a person's data key and blind indexes: what is sealed stays noise for ever, ids and ledger stay as is.

    Whether the law lets the person be erased yet (retention, legal hold) is for the caller to have decided.
    """
    destroyed = conn.execute(
        update(customer_key)
        .where(customer_key.c.customer_id == customer_id, customer_key.c.wrapped_key.is_not(None))
        .values(wrapped_key=None, master_key_id=None, destroyed_at=command.received_at)
    )
    if destroyed.rowcount == 0:
        found = conn.scalar(select(customer.c.customer_id).where(customer.c.customer_id == customer_id))
        return NotFound(what="customer") if found is None else CustomerErased()
    conn.execute(delete(customer_index).where(customer_index.c.customer_id == customer_id))
    return None


def _new_customer(conn: Connection, person: Person, *, digest: bytes, vault: Vault, command: Command) -> int:
    """Insert a person: id, wrapped key, sealed fields, blind indexes."""
    row = insert(customer).values(created_at=command.received_at, created_by=command.actor)
    customer_id = int(conn.execute(row.returning(customer.c.customer_id)).scalar_one())
    key, wrapped = vault.subject_key(customer_id)
    conn.execute(
        insert(customer_key).values(
            customer_id=customer_id,
            key_no=wrapped.key_no,
            master_key_id=wrapped.master_key_id,
            wrapped_key=wrapped.wrapped,
        )
    )
    values = {
        "name": person.name,
        "identity_type": person.identity_type.value,
        "identity_number": person.identity_number,
        "mobile": person.mobile,
    }
    _seal_fields(conn, key, values, command=command)
    mobile = vault.blind_index("mobile", person.mobile)
    _add_index(conn, {"identity_number": digest, "mobile": mobile}, customer_id=customer_id)
    return customer_id


def _seal_fields(conn: Connection, key: SubjectKey, values: dict[str, str], *, command: Command) -> None:
    """Store fields of a person, sealed; the latest of a field counts."""
    conn.execute(
        insert(customer_secret),
        [
            {
                "customer_id": key.subject_id,
                "field": name,
                "key_no": key.key_no,
                "sealed": key.seal(value, table="party.customer_secret", field=name),
                "recorded_at": command.received_at,
                "actor": command.actor,
            }
            for name, value in values.items()
        ],
    )


def _add_index(conn: Connection, digests: dict[str, bytes], *, customer_id: int, account_id: int | None = None) -> None:
    """Store blind indexes by field."""
    rows = [
        {"field": name, "digest": digest, "customer_id": customer_id, "account_id": account_id}
        for name, digest in digests.items()
    ]
    conn.execute(insert(customer_index), rows)
