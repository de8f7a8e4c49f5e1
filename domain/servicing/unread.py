"""Fields that are there and change nothing: nobody's input is passed over in silence. Pure.

Only what was written is looked at, not what a preset stands for: a preset may say more than one loan needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from domain.refusals import Refusal
from domain.servicing.duedate import DueRule, Shift, Unit
from domain.servicing.reader import Json
from domain.servicing.refusal import TermMissing, TermsConflict
from domain.servicing.terms import Method, Terms

ONE_STAGE: Final = frozenset({Method.EQUAL_INSTALMENT, Method.EQUAL_PRINCIPAL, Method.EQUAL_INTEREST, Method.BALLOON})
"""Methods of one kind of instalments from the first that repays to the last."""
METHODS: Final[Mapping[str, frozenset[Method]]] = {
    "stages": frozenset({Method.STAGED}),
    "plan": frozenset({Method.SPECIFIED}),
    "horizon": ONE_STAGE,
    "instalmentsUntilBalloon": ONE_STAGE,
    "interestOnly": ONE_STAGE,
    "lastPayment": ONE_STAGE,
    "initialRepaymentRate": ONE_STAGE - {Method.EQUAL_PRINCIPAL, Method.EQUAL_INTEREST},
    "accelerated": ONE_STAGE - {Method.EQUAL_PRINCIPAL, Method.EQUAL_INTEREST},
    "payment": ONE_STAGE | {Method.STAGED, Method.ADD_ON},
    "restEvery": ONE_STAGE | {Method.STAGED},
}
"""The methods that read a field; every method reads the others."""
NOTHING: Final[tuple[object, ...]] = (None, False, 0, [], {})
"""What a field may hold that says no more than its absence."""
EITHER: Final = (("downPayment", "downPaymentShare"), ("rateAnnual", "index"))
"""Fields of which one is enough."""


def unread(tree: Mapping[str, Json], terms: Terms) -> Iterator[Refusal]:
    """Everything that was written and is not used."""
    written = {name for name, value in tree.items() if value not in NOTHING}
    for name, methods in METHODS.items():
        if name in written and terms.method not in methods:
            yield TermsConflict(field=name, name=name, other=f"method {terms.method}")
    if terms.method is Method.BALLOON and terms.horizon is None:
        yield TermMissing(field="horizon", name="horizon")
    yield from (TermsConflict(field=two, name=two, other=one) for one, two in EITHER if {one, two} <= written)
    calendar = terms.calendar
    for name, other, is_used in (
        ("dueDay", f"dueRule {calendar.rule}", calendar.rule is DueRule.FIXED_DAY),
        ("dueDays", f"frequency {calendar.unit}", calendar.unit is Unit.HALF_MONTH),
        ("firstGapDays", f"dueRule {calendar.rule}", calendar.rule is not DueRule.SAME_DAY),
        ("remapDay", "no maxDay", "maxDay" in written),
        ("shiftBearsInterest", "shift NONE", calendar.shift is not Shift.NONE),
        ("holidays", "shift NONE", calendar.shift is not Shift.NONE),
        ("makeUpDays", "shift NONE", calendar.shift is not Shift.NONE),
        ("assisted", "no lender", "lender" in written),
    ):
        if name in written and not is_used:
            yield TermsConflict(field=name, name=name, other=other)
    grace = tree.get("grace")
    if "interestOnly" in written and isinstance(grace, dict) and grace.get("principal") is not None:
        yield TermsConflict(field="interestOnly", name="interestOnly", other="grace.principal")
    fees = tree.get("fees")
    for number, fee in enumerate(fees if isinstance(fees, list) else ()):
        if isinstance(fee, dict) and fee.get("amount") is not None and fee.get("of") is not None:
            yield TermsConflict(field=f"fees[{number}].of", name="of", other="amount")
        if isinstance(fee, dict) and fee.get("instalment") is not None and fee.get("when") != "ONCE":
            yield TermsConflict(field=f"fees[{number}].instalment", name="instalment", other="a fee that is not ONCE")
