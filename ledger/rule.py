"""Posting rules as data: named components become balanced lines; a stored rule is proved to balance for every input.

A rule is written as *legs* (a component, the account it debits, the account it credits), which cannot be unbalanced, or
as separate debit and credit *lines* with linear amounts, which `prove` must show to cancel out, per currency and per
branch of their conditions. Components are whole minor units, not negative.
"""

import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import ClassVar, Final
from uuid import UUID

from ledger.account import Required, Side
from ledger.entry import NO_DIMENSIONS, Dimensions, Entry, Line, Plain
from ledger.money import Rounding, round_ratio

CONDITIONED_LIMIT: Final = 12
"""How many different components the conditions of one rule may test: 2^12 branches are proved in a moment."""


class Test(StrEnum):
    """What a condition asks of a component."""

    __test__: ClassVar[bool] = False

    POSITIVE = "positive"
    ZERO = "zero"


@dataclass(frozen=True, slots=True)
class Condition:
    """A leg or line applies only when the component passes the test."""

    component: str
    """Component tested; a flag is a component of 0 or 1."""
    test: Test = Test.POSITIVE
    """What is asked."""


@dataclass(frozen=True, slots=True)
class Term:
    """A rational multiple of one component."""

    component: str
    """Name of the component."""
    numerator: int = 1
    """Above the line; may be negative."""
    denominator: int = 1
    """Below the line, positive."""

    def __post_init__(self) -> None:
        """Refuse a denominator that is not positive, and anything that is not int."""
        if type(self.numerator) is not int or type(self.denominator) is not int or self.denominator < 1:
            raise RuleInvalid(RuleFault.COEFFICIENT, self.component)

    @property
    def coefficient(self) -> Fraction:
        """The multiple."""
        return Fraction(self.numerator, self.denominator)


@dataclass(frozen=True, slots=True)
class Leg:
    """An amount that debits one account and credits another: balanced by its shape."""

    component: str
    """The component that the leg moves; with `terms`, only the leg's name."""
    debit: str
    """Code of the account debited."""
    credit: str
    """Code of the account credited."""
    terms: tuple[Term, ...] = ()
    """Linear amount instead of the plain component; rounded once, the same on both sides."""
    when: tuple[Condition, ...] = ()
    """All must hold."""
    debit_dims: Required = Required.ALL
    """Dimensions that the debit line carries, of those offered."""
    credit_dims: Required = Required.ALL
    """Dimensions that the credit line carries, of those offered."""
    currency: str | None = None
    """Fixed currency; None is the currency of the call."""


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One side written alone; the rule's lines must cancel out together."""

    side: Side
    """Debit or credit."""
    account: str
    """Account code."""
    terms: tuple[Term, ...]
    """Linear amount."""
    when: tuple[Condition, ...] = ()
    """All must hold."""
    dims: Required = Required.ALL
    """Dimensions that the line carries, of those offered."""
    currency: str | None = None
    """Fixed currency; None is the currency of the call."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How one kind of event is posted. A stored version never changes; entries name kind and version."""

    kind: str
    """Event kind, such as ``REPAYMENT``."""
    version: int
    """Version, from 1."""
    legs: tuple[Leg, ...] = ()
    """Balanced pairs."""
    lines: tuple[RuleLine, ...] = ()
    """Separate debits and credits."""
    rounding: Rounding = Rounding.HALF_UP
    """Mode for amounts with rational coefficients."""
    rounding_account: str | None = None
    """Account of the one rounding line that closes `lines` with rational coefficients; never used for legs."""


class RuleFault(StrEnum):
    """Why a rule, or an input to one, is refused."""

    COEFFICIENT = "LEDGER_RULE_COEFFICIENT"
    EMPTY = "LEDGER_RULE_EMPTY"
    TOO_MANY_CONDITIONS = "LEDGER_RULE_TOO_MANY_CONDITIONS"
    SAME_ACCOUNT = "LEDGER_RULE_SAME_ACCOUNT"
    MALFORMED = "LEDGER_RULE_MALFORMED"
    COMPONENT_UNKNOWN = "LEDGER_RULE_COMPONENT_UNKNOWN"
    AMOUNT_NEGATIVE = "LEDGER_RULE_AMOUNT_NEGATIVE"
    NOTHING_TO_POST = "LEDGER_RULE_NOTHING_TO_POST"
    NOT_PROVED = "LEDGER_RULE_NOT_PROVED"


class RuleInvalid(ValueError):
    """A rule or its input breaks a law named by `code`."""

    def __init__(self, code: RuleFault, detail: str = "") -> None:
        """Name the law and where it broke."""
        super().__init__(f"{code}: {detail}" if detail else str(code))
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Proof:
    """The rule balances for every input."""

    branches: int
    """Condition branches examined."""
    rounding_max: int
    """Most minor units that the rounding line can ever carry per currency; 0 when none is needed."""
    rule_hash: str
    """Content hash of the rule that was proved."""


@dataclass(frozen=True, slots=True)
class Unbalanced:
    """In a branch of its conditions, the rule leaves something open."""

    code: ClassVar[str] = "LEDGER_RULE_UNBALANCED"
    currency: str | None
    """Currency left open; None is the currency of the call."""
    branch: tuple[Condition, ...]
    """The branch, as the conditions that hold in it."""
    residual: tuple[Term, ...]
    """Debit minus credit, as a linear form; empty when only rounding can fail."""
    fractional: bool = False
    """Whether it cancels out, but rounded parts may not and no rounding account is named."""


def prove(rule: Rule) -> Proof | Unbalanced:
    """Prove that debits equal credits for all non-negative components, or show where they do not.

    In each branch (each tested component zero or positive) the lines that apply sum to one linear form per currency. A
    linear form is zero for all positive integers exactly when every coefficient is zero: this decides, never guesses.
    Legs need no proof: each posts one number on both sides. Raises `RuleInvalid` for a rule that is no rule.
    """
    _check_shape(rule)
    tested = sorted({condition.component for line in rule.lines for condition in line.when})
    if len(tested) > CONDITIONED_LIMIT:
        raise RuleInvalid(RuleFault.TOO_MANY_CONDITIONS, f"{len(tested)} of at most {CONDITIONED_LIMIT}")
    rounding_max = branches = 0
    for tests in itertools.product(Test, repeat=len(tested)):
        branches += 1
        branch = dict(zip(tested, tests, strict=True))
        for currency, (residual, fractional) in _residuals(rule.lines, branch).items():
            holds = tuple(Condition(component, test) for component, test in branch.items())
            if residual:
                terms = tuple(Term(name, *value.as_integer_ratio()) for name, value in sorted(residual.items()))
                return Unbalanced(currency, holds, terms)
            if fractional and rule.rounding_account is None:
                return Unbalanced(currency, holds, (), fractional=True)
            rounding_max = max(rounding_max, fractional)
    return Proof(branches, rounding_max, content_hash(rule))


def components(rule: Rule) -> frozenset[str]:
    """Every component that a rule reads."""
    amounts = {term.component for leg in rule.legs for term in _terms(leg)}
    amounts |= {term.component for line in rule.lines for term in line.terms}
    conditions = [*(leg.when for leg in rule.legs), *(line.when for line in rule.lines)]
    return frozenset(amounts | {each.component for when in conditions for each in when})


def accounts(rule: Rule) -> frozenset[str]:
    """Every account code that a rule can post to."""
    codes = {code for leg in rule.legs for code in (leg.debit, leg.credit)} | {line.account for line in rule.lines}
    return frozenset(codes if rule.rounding_account is None else codes | {rule.rounding_account})


def render(rule: Rule, items: Iterable[tuple[Mapping[str, int], Dimensions]], *, currency: str) -> tuple[Line, ...]:
    """The lines of one or many occurrences of an event; same account, side, currency and dimensions become one line.

    Zero amounts make no line. Raises `RuleInvalid` for a component that the rule does not read, a component that is not
    a whole number of minor units, a negative amount, or nothing to post.
    """
    known = components(rule)
    merged: dict[tuple[str, Side, str, Dimensions], int] = {}
    for amounts, dims in items:
        _check_amounts(amounts, known)
        for account, side, amount, unit, carried in _postings(rule, amounts, dims, currency):
            where = (account, side, unit, carried)
            merged[where] = merged.get(where, 0) + amount
    if not merged:
        raise RuleInvalid(RuleFault.NOTHING_TO_POST, rule.kind)
    return tuple(Line(account, side, amount, unit, dims) for (account, side, unit, dims), amount in merged.items())


def apply(  # noqa: PLR0913 - an entry's own facts, all named
    rule: Rule,
    amounts: Mapping[str, int],
    *,
    book: int,
    currency: str,
    dims: Dimensions = NO_DIMENSIONS,
    effective_on: date,
    source: str,
    key: str,
    actor: str,
    event_id: UUID | None = None,
    economic_on: date | None = None,
    paid_on: date | None = None,
    description: str = "",
    meta: Mapping[str, Plain] | None = None,
) -> Entry:
    """The balanced entry of one occurrence: `amounts` are whole minor units by component, missing ones zero."""
    return apply_batch(
        rule, ((amounts, dims),), book=book, currency=currency, effective_on=effective_on, source=source, key=key,
        actor=actor, event_id=event_id, economic_on=economic_on, paid_on=paid_on, description=description, meta=meta,
    )  # fmt: skip


def apply_batch(  # noqa: PLR0913 - an entry's own facts, all named
    rule: Rule,
    items: Iterable[tuple[Mapping[str, int], Dimensions]],
    *,
    book: int,
    currency: str,
    effective_on: date,
    source: str,
    key: str,
    actor: str,
    event_id: UUID | None = None,
    economic_on: date | None = None,
    paid_on: date | None = None,
    description: str = "",
    meta: Mapping[str, Plain] | None = None,
) -> Entry:
    """One entry for many occurrences (amounts, dimensions): a line per subject, one summed line where masks drop it."""
    return Entry(
        book=book,
        source=source,
        key=key,
        kind=rule.kind,
        effective_on=effective_on,
        lines=render(rule, items, currency=currency),
        actor=actor,
        rule_version=rule.version,
        event_id=event_id,
        economic_on=economic_on,
        paid_on=paid_on,
        description=description,
        meta={} if meta is None else meta,
    )


@dataclass(frozen=True, slots=True)
class Preview:
    """What an event would post; nothing was written."""

    entry: Entry
    """The entry as `apply` would render it."""
    proof: Proof
    """Why it cannot fail to balance."""
    skipped: tuple[str, ...]
    """Legs and lines that made no line: amount zero or condition not met."""


def preview(
    rule: Rule,
    amounts: Mapping[str, int],
    *,
    book: int,
    currency: str,
    dims: Dimensions = NO_DIMENSIONS,
    effective_on: date,
    source: str = "preview",
    key: str = "preview",
    actor: str = "preview",
) -> Preview | Unbalanced:
    """Render an event into its entry with the proof of its rule, and post nothing."""
    proof = prove(rule)
    if isinstance(proof, Unbalanced):
        return proof
    entry = apply(
        rule, amounts, book=book, currency=currency, dims=dims, effective_on=effective_on, source=source, key=key,
        actor=actor,
    )  # fmt: skip
    skipped = [
        f"{leg.component}: {leg.debit} / {leg.credit}"
        for leg in rule.legs
        if not (_holds(leg.when, amounts) and _amount(_terms(leg), amounts, rule.rounding))
    ]
    skipped += [
        f"{line.side} {line.account}"
        for line in rule.lines
        if not (_holds(line.when, amounts) and _amount(line.terms, amounts, rule.rounding))
    ]
    return Preview(entry, proof, tuple(skipped))


def to_data(rule: Rule) -> dict[str, object]:
    """The rule as plain JSON data; defaults are left out, so equal rules have equal data."""
    data: dict[str, object] = {"kind": rule.kind, "version": rule.version}
    if rule.legs:
        data["legs"] = [_leg_data(leg) for leg in rule.legs]
    if rule.lines:
        data["lines"] = [_line_data(line) for line in rule.lines]
    if rule.rounding is not Rounding.HALF_UP:
        data["rounding"] = str(rule.rounding)
    if rule.rounding_account is not None:
        data["rounding_account"] = rule.rounding_account
    return data


def from_data(data: Mapping[str, object]) -> Rule:
    """The rule of plain JSON data; refuses unknown or missing fields with `RuleInvalid` MALFORMED."""
    try:
        known = {"kind", "version", "legs", "lines", "rounding", "rounding_account"}
        _only(data, known)
        rounding_account = data.get("rounding_account")
        rule = Rule(
            kind=_text(data["kind"]),
            version=_whole(data["version"]),
            legs=tuple(_leg(_object(leg)) for leg in _list(data.get("legs", ()))),
            lines=tuple(_line(_object(line)) for line in _list(data.get("lines", ()))),
            rounding=Rounding(_text(data.get("rounding", "HALF_UP"))),
            rounding_account=None if rounding_account is None else _text(rounding_account),
        )
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, RuleInvalid):
            raise
        raise RuleInvalid(RuleFault.MALFORMED, str(error)) from error
    _check_shape(rule)
    return rule


def content_hash(rule: Rule) -> str:
    """SHA-256 of the rule's canonical JSON, as hex: the same for equal rules, for ever."""
    text = json.dumps(to_data(rule), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _terms(leg: Leg) -> tuple[Term, ...]:
    return leg.terms or (Term(leg.component),)


def _check_shape(rule: Rule) -> None:
    if not rule.kind or rule.version < 1 or not (rule.legs or rule.lines):
        raise RuleInvalid(RuleFault.EMPTY, rule.kind)
    for leg in rule.legs:
        if leg.debit == leg.credit and leg.debit_dims == leg.credit_dims:
            raise RuleInvalid(RuleFault.SAME_ACCOUNT, leg.debit)
    if any(not line.terms for line in rule.lines):
        raise RuleInvalid(RuleFault.EMPTY, rule.kind)


def _residuals(
    lines: Sequence[RuleLine], branch: Mapping[str, Test]
) -> dict[str | None, tuple[dict[str, Fraction], int]]:
    """Per currency: debit minus credit as coefficients of the components not zero, and a count of fractional lines."""
    sums: dict[str | None, tuple[dict[str, Fraction], int]] = {}
    for line in lines:
        if any(branch[condition.component] is not condition.test for condition in line.when):
            continue
        form, fractional = sums.get(line.currency, ({}, 0))
        sign = 1 if line.side is Side.DEBIT else -1
        live = [term for term in line.terms if branch.get(term.component) is not Test.ZERO]
        own: dict[str, Fraction] = {}
        for term in live:
            own[term.component] = own.get(term.component, Fraction()) + term.coefficient
            form[term.component] = form.get(term.component, Fraction()) + sign * term.coefficient
        fractional += any(value.denominator != 1 for value in own.values())
        sums[line.currency] = ({name: value for name, value in form.items() if value}, fractional)
    return sums


def _check_amounts(amounts: Mapping[str, int], known: frozenset[str]) -> None:
    for name, amount in amounts.items():
        if name not in known:
            raise RuleInvalid(RuleFault.COMPONENT_UNKNOWN, name)
        if type(amount) is not int or amount < 0:
            raise RuleInvalid(RuleFault.AMOUNT_NEGATIVE, name)


def _holds(when: tuple[Condition, ...], amounts: Mapping[str, int]) -> bool:
    return all((amounts.get(each.component, 0) > 0) is (each.test is Test.POSITIVE) for each in when)


def _amount(terms: tuple[Term, ...], amounts: Mapping[str, int], mode: Rounding) -> int:
    if len(terms) == 1 and terms[0].denominator == 1:
        return amounts.get(terms[0].component, 0) * terms[0].numerator
    whole = sum((term.coefficient * amounts.get(term.component, 0) for term in terms), Fraction())
    return round_ratio(whole.numerator, whole.denominator, mode)


def _postings(
    rule: Rule, amounts: Mapping[str, int], dims: Dimensions, currency: str
) -> Iterable[tuple[str, Side, int, str, Dimensions]]:
    for leg in rule.legs:
        if _holds(leg.when, amounts) and (amount := _positive(_terms(leg), amounts, rule, leg.component)):
            unit = leg.currency or currency
            yield leg.debit, Side.DEBIT, amount, unit, dims.masked(leg.debit_dims)
            yield leg.credit, Side.CREDIT, amount, unit, dims.masked(leg.credit_dims)
    open_by_currency: dict[str, int] = {}
    for line in rule.lines:
        if _holds(line.when, amounts) and (amount := _positive(line.terms, amounts, rule, line.account)):
            unit = line.currency or currency
            yield line.account, line.side, amount, unit, dims.masked(line.dims)
            signed = amount if line.side is Side.DEBIT else -amount
            open_by_currency[unit] = open_by_currency.get(unit, 0) + signed
    for unit, residual in open_by_currency.items():
        if residual and rule.rounding_account is not None:
            if abs(residual) > len(rule.lines):
                raise RuleInvalid(RuleFault.NOT_PROVED, f"{unit} {residual:+d}")
            yield rule.rounding_account, Side.CREDIT if residual > 0 else Side.DEBIT, abs(residual), unit, dims


def _positive(terms: tuple[Term, ...], amounts: Mapping[str, int], rule: Rule, name: str) -> int:
    amount = _amount(terms, amounts, rule.rounding)
    if amount < 0:
        raise RuleInvalid(RuleFault.AMOUNT_NEGATIVE, name)
    return amount


def _term_data(term: Term) -> list[object]:
    return [term.component, term.numerator, term.denominator]


def _condition_data(condition: Condition) -> list[object]:
    return [condition.component, str(condition.test)]


def _leg_data(leg: Leg) -> dict[str, object]:
    data: dict[str, object] = {"component": leg.component, "debit": leg.debit, "credit": leg.credit}
    if leg.terms:
        data["terms"] = [_term_data(term) for term in leg.terms]
    if leg.when:
        data["when"] = [_condition_data(condition) for condition in leg.when]
    if leg.debit_dims != Required.ALL:
        data["debit_dims"] = int(leg.debit_dims)
    if leg.credit_dims != Required.ALL:
        data["credit_dims"] = int(leg.credit_dims)
    if leg.currency is not None:
        data["currency"] = leg.currency
    return data


def _line_data(line: RuleLine) -> dict[str, object]:
    data: dict[str, object] = {
        "side": str(line.side), "account": line.account, "terms": [_term_data(term) for term in line.terms]
    }  # fmt: skip
    if line.when:
        data["when"] = [_condition_data(condition) for condition in line.when]
    if line.dims != Required.ALL:
        data["dims"] = int(line.dims)
    if line.currency is not None:
        data["currency"] = line.currency
    return data


def _leg(data: Mapping[str, object]) -> Leg:
    _only(data, {"component", "debit", "credit", "terms", "when", "debit_dims", "credit_dims", "currency"})
    currency = data.get("currency")
    return Leg(
        component=_text(data["component"]),
        debit=_text(data["debit"]),
        credit=_text(data["credit"]),
        terms=_terms_of(data.get("terms", ())),
        when=_conditions_of(data.get("when", ())),
        debit_dims=Required(_whole(data.get("debit_dims", int(Required.ALL)))),
        credit_dims=Required(_whole(data.get("credit_dims", int(Required.ALL)))),
        currency=None if currency is None else _text(currency),
    )


def _line(data: Mapping[str, object]) -> RuleLine:
    _only(data, {"side", "account", "terms", "when", "dims", "currency"})
    currency = data.get("currency")
    return RuleLine(
        side=Side(_text(data["side"])),
        account=_text(data["account"]),
        terms=_terms_of(data["terms"]),
        when=_conditions_of(data.get("when", ())),
        dims=Required(_whole(data.get("dims", int(Required.ALL)))),
        currency=None if currency is None else _text(currency),
    )


def _terms_of(data: object) -> tuple[Term, ...]:
    return tuple(Term(_text(name), _whole(above), _whole(below)) for name, above, below in map(_list, _list(data)))


def _conditions_of(data: object) -> tuple[Condition, ...]:
    return tuple(Condition(_text(name), Test(_text(test))) for name, test in map(_list, _list(data)))


def _only(data: Mapping[str, object], known: set[str]) -> None:
    if unknown := set(data) - known:
        raise RuleInvalid(RuleFault.MALFORMED, f"unknown field {min(unknown)}")


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise RuleInvalid(RuleFault.MALFORMED, "a text is missing")
    return value


def _whole(value: object) -> int:
    if type(value) is not int:
        raise RuleInvalid(RuleFault.MALFORMED, "a whole number is missing")
    return value


def _list(value: object) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        raise RuleInvalid(RuleFault.MALFORMED, "a list is missing")
    return value


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise RuleInvalid(RuleFault.MALFORMED, "an object is missing")
    return value
