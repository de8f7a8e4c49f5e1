"""Signs of fraud as facts: do the numbers check, do they agree with the form, who else uses the same things.

Numbers and links come in as values and only findings go out; whether a finding refers or rejects is for the rule pack.
`velocity` is the meaning of the counters, whoever computes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from risk.contract import Value

IDENTITY_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
IDENTITY_CHECKS = "10X98765432"
"""GB 11643-1999: the check character by the weighted sum of 17 digits modulo 11."""

VIRTUAL_PREFIXES = ("162", "165", "167", "170", "171")
"""Number ranges of virtual operators: often used for identities that are not one's own."""

DAY, WEEK, MONTH = timedelta(days=1), timedelta(days=7), timedelta(days=30)
"""Windows of the counters."""

_IDENTITY = re.compile(r"[0-9]{17}[0-9X]", re.ASCII)
_CARD = re.compile(r"[0-9]{13,19}", re.ASCII)


class Link(StrEnum):
    """Kinds of things that two applications may share."""

    IDENTITY = "IDENTITY"
    DEVICE = "DEVICE"
    CARD = "CARD"
    MOBILE = "MOBILE"
    CONTACT = "CONTACT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One thing seen with one application; `key` is a keyed hash, never the number itself."""

    link: Link
    key: bytes
    application_id: int
    customer_id: int
    channel_id: int
    seen_at: datetime


def identity_facts(
    *, identity_number: str, card_number: str, mobile: str, age: int | None, on: date
) -> Mapping[str, Value]:
    """Return what the numbers of a form say about each other; `age` is the form's own, None when it gives none."""
    checks = identity_checks(identity_number)
    own_age = _age(identity_number, on) if checks else None
    return {
        "identity_checks": checks and own_age is not None,
        "identity_age_matches": own_age is not None and (age is None or age == own_age),
        "card_checks": luhn(card_number),
        "mobile_virtual": mobile.startswith(VIRTUAL_PREFIXES),
    }


def identity_checks(number: str) -> bool:
    """Tell whether an identity number has 18 places and the right check character (GB 11643-1999)."""
    if not _IDENTITY.fullmatch(number):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], IDENTITY_WEIGHTS, strict=True))
    return IDENTITY_CHECKS[total % 11] == number[17]


def luhn(number: str) -> bool:
    """Tell whether a card number has 13 to 19 digits and the right check digit (ISO/IEC 7812-1, annex B)."""
    if not _CARD.fullmatch(number):
        return False
    doubled = (int(digit) * 2 for digit in number[-2::-2])
    return (sum(int(digit) for digit in number[-1::-2]) + sum(n - 9 if n > 9 else n for n in doubled)) % 10 == 0  # noqa: PLR2004 - the rule's own number


def velocity(seen: Iterable[Seen], *, own: Sequence[Seen], at: datetime) -> Mapping[str, Value]:
    """Count who shared what with an application, itself included, up to the instant `at` (inside).

    `own` are the things of the application; windows are half-open backwards: `(at - window, at]`. A kind of thing that
    the application did not bring is not measured: its count is None, never a harmless zero.
    """
    keys = {(one.link, one.key) for one in own}
    shared = [one for one in (*seen, *own) if (one.link, one.key) in keys and one.seen_at <= at]

    def distinct(link: Link, what: Callable[[Seen], int], window: timedelta | None = None) -> int | None:
        found = {what(one) for one in shared if one.link is link and (window is None or one.seen_at > at - window)}
        return len(found) if any(one.link is link for one in own) else None

    def customer(one: Seen) -> int:
        return one.customer_id

    applications = distinct(Link.IDENTITY, lambda one: one.application_id, MONTH)
    return {
        "mobile_customers": distinct(Link.MOBILE, customer),
        "card_customers": distinct(Link.CARD, customer),
        "device_customers_24h": distinct(Link.DEVICE, customer, DAY),
        "device_customers_30d": distinct(Link.DEVICE, customer, MONTH),
        "contact_customers_30d": distinct(Link.CONTACT, customer, MONTH),
        "identity_channels_7d": distinct(Link.IDENTITY, lambda one: one.channel_id, WEEK),
        "applications_30d": None if applications is None else applications - 1,
    }


def _age(identity_number: str, on: date) -> int | None:
    """Full years of age by an identity number, or None when it names no day."""
    try:
        born = date(int(identity_number[6:10]), int(identity_number[10:12]), int(identity_number[12:14]))
    except ValueError:
        return None
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
