"""Publishing: every fault of a draft at once, one canonical text, and the hash that names the content for ever."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any, ClassVar

from domain.product.accounting import (
    BETWEEN,
    HANDED,
    PARTNER_SHARE,
    REQUIRED,
    SENT,
    Event,
    Party,
    component_mismatches,
    foreign_events,
    missing_events,
)
from domain.product.funding import FunderUnknown, Guarantor, written
from domain.product.funding import faults as funding_faults
from domain.product.funding import read as read_syndicate
from domain.product.pricing import LENDER_TYPES, PENALTY_MULTIPLIER_MAX, RATE_CAP_ANNUAL
from domain.product.repayment_method import COMPONENTS, METHODS, AllocationBy, DayCount, Method
from domain.product.version import ProductVersion
from domain.refusals import Refusal
from ledger.money import AmountInvalid, Rounding, minor_digits
from ledger.rule import Rule, RuleInvalid, Unbalanced, components, from_data, prove, to_data

AMOUNT_MAX = 10**16
"""Largest amount of a product, minor units."""
TERM_MAX = 360
"""Longest term, months."""
GRACE_MAX = 15
"""Longest grace, days."""
RATE_PLACES_MAX = 10
"""Decimal places of a rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterOutOfRange(Refusal):
    """A parameter is outside what any product may have."""

    code: ClassVar[str] = "PRODUCT_PARAMETER_RANGE"
    zh: ClassVar[str] = "参数 {field_name} 超出允许范围: {allowed}"
    en: ClassVar[str] = "parameter {field_name} is out of range: {allowed}"

    field_name: str
    allowed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterUnknown(Refusal):
    """A parameter is not a member of its code list."""

    code: ClassVar[str] = "PRODUCT_PARAMETER_UNKNOWN"
    zh: ClassVar[str] = "参数 {field_name} 取值未知, 可选: {allowed}"
    en: ClassVar[str] = "parameter {field_name} has an unknown value; choose one of {allowed}"

    field_name: str
    allowed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleMissing(Refusal):
    """An event of the product has no posting rule."""

    code: ClassVar[str] = "PRODUCT_RULE_MISSING"
    zh: ClassVar[str] = "业务事件 {event} 缺少记账规则"
    en: ClassVar[str] = "event {event} has no posting rule"

    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleComponents(Refusal):
    """A posting rule books too many or too few components."""

    code: ClassVar[str] = "PRODUCT_RULE_COMPONENTS"
    zh: ClassVar[str] = "业务事件 {event} 的记账规则组成部分不符: {components}"
    en: ClassVar[str] = "the posting rule of {event} has too many or too few components: {components}"

    event: str
    components: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleForeign(Refusal):
    """A posting rule is for no event, or for one of a party whose book the product does not name."""

    code: ClassVar[str] = "PRODUCT_RULE_FOREIGN"
    zh: ClassVar[str] = "业务事件 {event} 不属于该产品的任何账簿"
    en: ClassVar[str] = "event {event} belongs to no book of this product"

    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleUnbalanced(Refusal):
    """A posting rule is no rule, or could post an entry that does not balance."""

    code: ClassVar[str] = "PRODUCT_RULE_UNBALANCED"
    zh: ClassVar[str] = "业务事件 {event} 的记账规则不能保证借贷平衡"
    en: ClassVar[str] = "the posting rule of {event} cannot be proved to balance"

    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountUnknown(Refusal):
    """A posting rule names an account that the book does not have, or that has sub-accounts."""

    code: ClassVar[str] = "PRODUCT_ACCOUNT_UNKNOWN"
    zh: ClassVar[str] = "账簿 {book} 没有可记账的科目 {account}"
    en: ClassVar[str] = "book {book} has no postable account {account}"

    book: int
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionNotNext(Refusal):
    """A draft does not follow the last published version in number and date."""

    code: ClassVar[str] = "PRODUCT_VERSION_NOT_NEXT"
    zh: ClassVar[str] = "版本号应为 {expected}, 生效日不得早于上一版本"
    en: ClassVar[str] = "the next version is {expected}, and it may not take effect before the last one"
    retryable: ClassVar[bool] = True

    expected: int


def faults(version: ProductVersion) -> tuple[Refusal, ...]:
    """Return everything that is wrong with the content of a draft, as one list; empty when it may be published."""
    return (
        *_text_faults(version),
        *_amount_faults(version),
        *_term_faults(version),
        *_rate_faults(version),
        *_code_faults(version),
        *_rule_faults(version),
        *_party_faults(version),
    )


def canonical(version: ProductVersion) -> str:
    """Return the one text of a version's content: sorted keys, no spaces, rates as plain decimals, no hash inside."""
    return json.dumps(content(version), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sealed(version: ProductVersion) -> ProductVersion:
    """Return the version with the SHA-256 of its canonical text."""
    return replace(version, content_hash=hashlib.sha256(canonical(version).encode()).hexdigest())


def content(version: ProductVersion) -> dict[str, Any]:
    """Return a version's content as plain JSON values, without its hash."""
    return {
        "product_id": version.product_id,
        "code": version.code,
        "version": version.version,
        "name_zh": version.name_zh,
        "name_en": version.name_en,
        "currency": version.currency,
        "amount_min": version.amount_min,
        "amount_max": version.amount_max,
        "amount_step": version.amount_step,
        "terms_months": list(version.terms_months),
        "interest_rate_annual": _plain(version.interest_rate_annual),
        "day_count": version.day_count,
        "method": version.method,
        "rounding": version.rounding.value,
        "grace_days": version.grace_days,
        "penalty_rate_multiplier": _plain(version.penalty_rate_multiplier),
        "allocation_order": list(version.allocation_order),
        "allocation_by": version.allocation_by,
        "service_fee_rate": _plain(version.service_fee_rate),
        "funder_id": version.funder_id,
        "lender_book": version.lender_book,
        "platform_book": version.platform_book,
        "posting_rules": {str(event): to_data(rule) for event, rule in version.posting_rules.items()},
        "decision_pack": version.decision_pack,
        "flow": list(version.flow),
        "rate_cap_annual": _plain(version.rate_cap_annual),
        "effective_from": version.effective_from.isoformat(),
        **_particular(version),
    }


def _particular(version: ProductVersion) -> dict[str, Any]:
    """Return what only some products have; what is left out means what it meant before there was a choice."""
    made: dict[str, Any] = {}
    if version.lender_type != "BANK":
        made["lender_type"] = version.lender_type
    if version.syndicate is not None:
        made["syndicate"] = written(version.syndicate)
    if version.guarantor is not None:
        made["guarantor"] = {"party_id": version.guarantor.party_id, "book": version.guarantor.book}
    return made


def restored(stored: dict[str, Any]) -> ProductVersion:
    """Return the sealed version whose `content` was stored."""
    rules = {event: from_data(rule) for event, rule in stored["posting_rules"].items()}
    syndicate, guarantor = stored.get("syndicate"), stored.get("guarantor")
    return sealed(
        ProductVersion(
            **{
                **stored,
                "terms_months": tuple(stored["terms_months"]),
                "interest_rate_annual": Decimal(stored["interest_rate_annual"]),
                "rounding": Rounding(stored["rounding"]),
                "penalty_rate_multiplier": Decimal(stored["penalty_rate_multiplier"]),
                "allocation_order": tuple(stored["allocation_order"]),
                "service_fee_rate": Decimal(stored["service_fee_rate"]),
                "posting_rules": MappingProxyType(rules),
                "flow": tuple(stored["flow"]),
                "rate_cap_annual": Decimal(stored["rate_cap_annual"]),
                "effective_from": date.fromisoformat(stored["effective_from"]),
                "syndicate": None if syndicate is None else read_syndicate(syndicate),
                "guarantor": None if guarantor is None else Guarantor(**guarantor),
            }
        )
    )


@lru_cache(maxsize=64)
def read(text: str) -> ProductVersion:
    """Return the sealed version in a stored text: its hundreds of legs are read and hashed once for each text."""
    return restored(json.loads(text))


def _plain(rate: Decimal) -> str:
    """Return a rate without exponent and trailing zeros: equal rates have one text."""
    text = f"{rate:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _range(name: str, allowed: str) -> ParameterOutOfRange:
    """Name a parameter that is out of range."""
    return ParameterOutOfRange(field=name, field_name=name, allowed=allowed)


def _text_faults(version: ProductVersion) -> Iterator[Refusal]:
    """Codes and names that are empty or cannot be stored."""
    for name in ("code", "name_zh", "name_en", "decision_pack"):
        value = str(getattr(version, name))
        if not value.strip() or not value.isprintable():
            yield _range(name, "printable text")
    if not version.flow or len(set(version.flow)) != len(version.flow):
        yield _range("flow", "at least one stage, each once")


def _amount_faults(version: ProductVersion) -> Iterator[Refusal]:
    """Currency, amounts and their step."""
    try:
        minor_digits(version.currency)
    except AmountInvalid:
        yield ParameterUnknown(field="currency", field_name="currency", allowed="ISO 4217")
    if not 0 < version.amount_min <= version.amount_max <= AMOUNT_MAX:
        yield _range("amount_min", f"0 < amount_min <= amount_max <= {AMOUNT_MAX}")
    if not 0 < version.amount_step <= AMOUNT_MAX:
        yield _range("amount_step", "> 0")
    elif (version.amount_max - version.amount_min) % version.amount_step:
        yield _range("amount_step", "amount_max is amount_min plus a multiple of amount_step")


def _term_faults(version: ProductVersion) -> Iterator[Refusal]:
    """Terms and grace."""
    terms = version.terms_months
    if not terms or list(terms) != sorted(set(terms)) or not 1 <= terms[0] <= terms[-1] <= TERM_MAX:
        yield _range("terms_months", f"ascending months from 1 to {TERM_MAX}")
    elif version.amount_min < terms[-1]:
        yield _range("amount_min", "at least one minor unit of principal for every instalment")
    if not 0 <= version.grace_days <= GRACE_MAX:
        yield _range("grace_days", f"0 to {GRACE_MAX}")


def _rate_faults(version: ProductVersion) -> Iterator[Refusal]:
    """Rates: finite, not negative, under the caps."""
    bounds = {
        "rate_cap_annual": (Decimal(0), RATE_CAP_ANNUAL),
        "interest_rate_annual": (Decimal(0), RATE_CAP_ANNUAL),
        "penalty_rate_multiplier": (Decimal(1), PENALTY_MULTIPLIER_MAX),
        "service_fee_rate": (Decimal(0), RATE_CAP_ANNUAL),
    }
    sound = True
    for name, (low, high) in bounds.items():
        rate: Decimal = getattr(version, name)
        if not rate.is_finite() or not low <= rate <= high or _places(rate) > RATE_PLACES_MAX:
            sound = False
            yield _range(name, f"{low} to {high}, at most {RATE_PLACES_MAX} decimals")
    if sound and version.penalty_rate_annual > version.rate_cap_annual:
        yield _range("penalty_rate_multiplier", "interest and penalty rate within rate_cap_annual")
    elif sound and version.interest_rate_annual > version.rate_cap_annual:
        yield _range("interest_rate_annual", "within rate_cap_annual")


def _places(rate: Decimal) -> int:
    """Decimal places of a finite rate."""
    exponent = rate.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _code_faults(version: ProductVersion) -> Iterator[Refusal]:
    """Members of code lists."""
    lists: dict[str, frozenset[str]] = {
        "method": frozenset(Method),
        "day_count": frozenset(DayCount),
        "allocation_by": frozenset(AllocationBy),
    }
    for name, allowed in lists.items():
        if getattr(version, name) not in allowed:
            yield ParameterUnknown(field=name, field_name=name, allowed=", ".join(sorted(allowed)))
    if version.method in METHODS and version.day_count in set(DayCount):
        fitting = METHODS[Method(version.method)].day_counts
        if version.day_count not in fitting:
            yield ParameterUnknown(field="day_count", field_name="day_count", allowed=", ".join(sorted(fitting)))
    if sorted(version.allocation_order) != sorted(COMPONENTS):
        yield _range("allocation_order", "each of penalty, interest, principal once")


def _rule_faults(version: ProductVersion) -> Iterator[Refusal]:
    """Posting rules: one for each event needed, named as the event, proved to balance, booking its components."""
    parties = (Party.LENDER, Party.PLATFORM, *(() if version.guarantor is None else (Party.GUARANTOR,)))
    for event in foreign_events(version.posting_rules, parties=parties):
        yield RuleForeign(field=f"posting_rules.{event}", event=event)
    for event in missing_events(version.posting_rules):
        yield RuleMissing(field=f"posting_rules.{event}", event=event)
    for name, rule in version.posting_rules.items():
        if rule.kind != name or not _balances(rule):
            yield RuleUnbalanced(field=f"posting_rules.{name}", event=str(name))
    for event, names in component_mismatches(version.posting_rules):
        yield RuleComponents(field=f"posting_rules.{event}", event=event, components=", ".join(names))


def _party_faults(version: ProductVersion) -> Iterator[Refusal]:
    """Who lends with the funder, and who guarantees: shares that sum to one, a book each, rules for each book."""
    if version.lender_type not in LENDER_TYPES:
        allowed = ", ".join(sorted(LENDER_TYPES))
        yield ParameterUnknown(field="lender_type", field_name="lender_type", allowed=allowed)
    if version.guarantor is not None:
        for event in GUARANTEED - set(version.posting_rules):
            yield RuleMissing(field=f"posting_rules.{event}", event=event)
    if version.syndicate is None:
        return
    yield from funding_faults(version.syndicate.funding)
    others = set(version.syndicate.funding.funders) - {version.syndicate.funding.leader}
    if version.syndicate.funding.leader != version.funder_id:
        yield FunderUnknown(field="syndicate.leader", funder=version.syndicate.funding.leader)
    for funder in sorted(others ^ set(version.syndicate.books)):
        yield FunderUnknown(field="syndicate.books", funder=funder)
    events = (REQUIRED | TOGETHER_WITH_PARTNERS) - LEADER_ALONE
    for event in sorted(one for one in events if one.party is Party.LENDER and one not in version.syndicate.rules):
        yield RuleMissing(field=f"syndicate.rules.{event}", event=event)
    for event in sorted(HANDED | SENT):
        if event in version.posting_rules and PARTNER_SHARE not in components(version.posting_rules[event]):
            yield RuleComponents(field=f"posting_rules.{event}", event=event, components=PARTNER_SHARE)
    for name, rule in version.syndicate.rules.items():
        if rule.kind != name or not _balances(rule):
            yield RuleUnbalanced(field=f"syndicate.rules.{name}", event=str(name))


GUARANTEED = frozenset(
    {Event.GUARANTEE_GIVEN, Event.SUBROGATED, Event.SUBROGATION_RECOVERED, Event.SUBROGATION_CLEARED}
)
"""Events of a guarantor's book that every guaranteed loan may meet."""
TOGETHER_WITH_PARTNERS = BETWEEN | {Event.SHARE_ASSIGNED}
"""Events of the books of funders that lend together."""
LEADER_ALONE = frozenset({Event.DISBURSEMENT_INSTRUCTED, Event.SERVICE_FEE_LENDER, Event.CHANNEL_SETTLED})
"""Events of every loan that only the funder who collects books."""


def _balances(rule: Rule) -> bool:
    """Tell whether a rule is proved to balance for every input."""
    try:
        return not isinstance(prove(rule), Unbalanced)
    except RuleInvalid:
        return False
