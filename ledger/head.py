"""Heads: one digest that stands for all balances, or for the whole register of accounts, at one moment."""

from collections.abc import Mapping, Sequence
from datetime import date

from ledger import merkle
from ledger.encoding import account_bytes, balance_bytes

Totals = Mapping[tuple[str, str], tuple[int, int]]
"""Gross (debit, credit) in minor units per (account code, currency)."""

AccountRow = tuple[str | int | bool | date | None, ...]
"""One value per name of `encoding.ACCOUNT_COLUMNS`."""


def balance_root(totals: Totals, hash_name: str = "sha256") -> bytes:
    """Merkle root over the gross totals in order of account code; one account's totals can be shown by inclusion."""
    leaves = [
        merkle.leaf_digest(balance_bytes(code, currency, debit, credit), hash_name)
        for (code, currency), (debit, credit) in sorted(totals.items())
    ]
    return merkle.root(leaves, hash_name)


def account_root(rows: Sequence[AccountRow], hash_name: str = "sha256") -> bytes:
    """Merkle root over the unchanging facts of accounts in order of id; a register only grows, and so does its tree."""
    return merkle.root([merkle.leaf_digest(account_bytes(row), hash_name) for row in rows], hash_name)
