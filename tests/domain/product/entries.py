"""Entries as an accountant writes them down, for the case tables of the rule sets."""

from __future__ import annotations

import re

from domain.product.accounting import Event, Flag
from domain.product.catalogue import RULE_SETS
from domain.product.ruleset import NOTHING, EventUnruled, Posted, lines
from ledger.account import Side

SIDES = {"D": Side.DEBIT, "C": Side.CREDIT}


def amounts(text: str) -> dict[str, int]:
    """`interest 150.00, principal 766.80` as minor units by component."""
    pairs = (part.rsplit(" ", 1) for part in text.split(", ") if part)
    return {name: round(float(value.replace(",", "")) * 100) for name, value in pairs}


def entry(text: str) -> set[tuple[str, Side, int]]:
    """`D 1303.04 150.00, C 6011.01 141.51` as account, side and signed minor units; below zero is red."""
    found = re.findall(r"([DC]) (\S+) (-?[\d.]+)", text)
    return {(account, SIDES[side], round(float(value) * 100)) for side, account, value in found}


def shown(made: tuple[Posted, ...]) -> set[tuple[str, Side, int]]:
    """Lines as they are printed."""
    whole = {(one.account, *one.shown) for one in made}
    assert len(whole) == len(made)
    return whole


def posted(
    rule_set: str, event: Event, text: str, flags: frozenset[Flag] = frozenset(), before: str = ""
) -> set[tuple[str, Side, int]]:
    made = lines(event, amounts(text), RULE_SETS[rule_set], flags=flags, before=amounts(before) or NOTHING)
    assert not isinstance(made, EventUnruled), made.message
    debits = sum(one.amount for one in made if one.side is Side.DEBIT)
    assert debits * 2 == sum(one.amount for one in made)
    return shown(made)
