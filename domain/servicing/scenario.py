"""情景演算, a scenario: terms, a contract and dated steps as JSON, played through the engine that books real loans.

Reading finds every fault at once. Playing touches nothing: each step becomes a fact of a life, or lets days pass, and
answers with the schedule, the transactions, the balances and what the books would post. A step that the engine refuses
says why and changes nothing; the play goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.product.catalogue import RULE_SETS
from domain.product.ruleset import EventUnruled, RuleSet, lines
from domain.refusals import Invalid, Refusal, invalid, text
from domain.servicing.admission import book
from domain.servicing.allocation import (
    STRATEGIES,
    Component,
    Dictated,
    DueType,
    Part,
    Pass,
    Strategy,
    Target,
    configured,
    simple,
)
from domain.servicing.contract import (
    DEFAULT,
    Bearing,
    ChargedOff,
    Contract,
    DayOf,
    EarlyInterest,
    Grace,
    LifeTerms,
    Prepayment,
    Rest,
    Spread,
)
from domain.servicing.duedate import Unit
from domain.servicing.fact import (
    Accelerate,
    Basis,
    Cancel,
    ChangeRate,
    Chargeback,
    ChargeOff,
    Compensate,
    Disburse,
    Fact,
    Intent,
    Levy,
    Pause,
    Pay,
    PayKind,
    ReAge,
    ReAmortise,
    Recover,
    Refund,
    Repurchase,
    Reschedule,
    Reverse,
    Scope,
    Spreading,
    Waive,
    WriteOff,
)
from domain.servicing.life import Life, replay
from domain.servicing.movement import Movement, difference
from domain.servicing.preset import LIVES
from domain.servicing.progress import ALL, C, F, I, N, P
from domain.servicing.quotation import asked
from domain.servicing.reader import Json, Reader, tree_of
from domain.servicing.refusal import (
    TermInvalid,
    TermMissing,
    TermNotListed,
)
from domain.servicing.standing import outlook
from domain.servicing.terms import AllocationBy, Terms
from domain.servicing.transaction import Transaction
from ledger.money import Money

STEPS_MAX: Final = 5_000
"""Steps of a scenario, at most."""


class Do(StrEnum):
    """What a step does."""

    DISBURSE = "disburse"
    CAPITALISE_INCOME = "capitalise-income"
    BUY_DOWN_FEE = "buy-down-fee"
    ADJUST_INCOME = "adjust-income"
    WAIT = "wait"
    CLOSE_DAY = "close-day"
    CLOSE_MONTH = "close-month"
    PAY = "pay"
    CHARGE = "charge"
    WAIVE = "waive"
    REVERSE = "reverse"
    CHARGEBACK = "chargeback"
    REFUND = "refund"
    RATE_CHANGE = "rate-change"
    RESCHEDULE = "reschedule"
    RE_AGE = "re-age"
    RE_AMORTISE = "re-amortise"
    ACCELERATE = "accelerate"
    CHARGE_OFF = "charge-off"
    WRITE_OFF = "write-off"
    RECOVER = "recover"
    TRANSFER_TO_GUARANTOR = "transfer-to-guarantor"
    REPURCHASE = "repurchase"
    CANCEL = "cancel"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step as it was read: what it makes of a number and two dates, or the date to which time passes."""

    no: int
    do: Do
    on: date | None
    fact: Callable[[int, date, date], Fact] | None = None
    to: date | None = None
    days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A scenario without faults."""

    contract: Contract
    rules: tuple[RuleSet, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a step has led to.

    business_on: the business date after it. movements: what the books must post because of it. closed_to: months are
    closed up to and including this date. gone: transactions that were reversed, as they last stood.
    """

    step: Step
    business_on: date
    refused: tuple[Refusal, ...]
    life: Life
    movements: tuple[Movement, ...]
    closed_to: date | None
    gone: tuple[Transaction, ...]


Make = Callable[[int, date, date], Fact]
"""What a step makes of its number, its value date and the business date."""


# --- reading ----------------------------------------------------------------------------------------------------------


def scenario_of(text_: str) -> Scenario | Invalid:
    """The scenario in a JSON text, or all its faults."""
    tree = tree_of(text_)
    return tree if isinstance(tree, Invalid) else scenario(tree)


def scenario(tree: Mapping[str, Json]) -> Scenario | Invalid:
    """The same from the object itself."""
    found: list[Refusal] = []
    reader = Reader(tree, "", found)
    named = reader.text("convention", None)
    plain = tree.get("terms")
    reader.read.update({"terms", "contract", "steps"})
    terms: Terms | None = None
    if not isinstance(plain, dict):
        reader.wrong(TermMissing, "terms", name="terms")
        plain = {}
    else:
        if named is not None:
            plain = {"convention": named, **plain}
        made = asked(plain)
        if isinstance(made, Invalid):
            found += (replace(fault, field=f"terms.{fault.field}" if fault.field else "terms") for fault in made.faults)
        else:
            terms = made.terms
            named = made.convention
    currency = str(plain.get("currency", "CNY")) if terms is None else terms.currency
    defaults = LIVES.get(named or "", {})
    given = tree.get("contract", {})
    if not isinstance(given, dict):
        reader.wrong(TermInvalid, "contract", name="contract", expected="an object")
        given = {}
    life = _life(Reader({**defaults, **given}, "contract.", found, currency), terms)
    rules = _rules(reader)
    steps = _steps(tree.get("steps"), found, currency, life.changes_of)
    reader.done()
    if refused := invalid(found):
        return refused
    assert terms is not None, "terms without a fault are there"
    return Scenario(contract=Contract(terms=terms, life=life), rules=rules, steps=steps)


def _life(reader: Reader, terms: Terms | None) -> LifeTerms:
    if reader.has("allocation"):
        strategies = _strategies(reader)
    elif terms is not None:
        strategies = {DEFAULT: simple(terms.allocation_order, by=terms.allocation_by)}
    else:
        strategies = {DEFAULT: STRATEGIES["BANK_NORMAL"]}
    npl = reader.part("npl")
    non_accrual = reader.part("nonAccrual")
    prepayment = reader.part("prepayment")
    made = LifeTerms(
        bearing=reader.member("bearing", Bearing, Bearing.PLANNED),
        strategies=MappingProxyType(strategies),
        npl_strategy=_strategy(npl, "allocation") if npl.has("allocation") else None,
        npl_after=npl.whole("after", low=0, high=3_660, absent=90),
        spread=reader.member("spread", Spread, Spread.AFTER),
        down_payment=_share(reader, "downPayment"),
        is_down_payment_auto=reader.flag("downPaymentAuto", absent=True),
        grace=reader.member("grace", Grace, Grace.NO_TRACE),
        is_grace_retroactive=reader.flag("graceRetroactive", absent=True),
        is_compound=reader.flag("compound", absent=False),
        late_fee=reader.amount("lateFee", 0, low=0),
        cap_annual=reader.rate("capAnnual", None),
        non_accrual_after=non_accrual.whole("after", low=0, high=3_660, absent=None),
        is_overdue_bearing=reader.flag("overdueBearing", absent=True),
        credit_order=_components(reader, "chargeback"),
        prepayment=Prepayment(
            interest=prepayment.member("interest", EarlyInterest, EarlyInterest.TO_DATE),
            fee_rate=_share(prepayment, "feeRate"),
            minimum=prepayment.amount("minimum", 0, low=0),
            lock_in_days=prepayment.whole("lockInDays", low=0, high=36_600, absent=0),
        ),
        cooling_off_days=reader.whole("coolingOffDays", low=0, high=366, absent=0),
        charged_off=reader.member("chargeOff", ChargedOff, ChargedOff.REGULAR),
        rest=reader.member("rest", Rest, Rest.DAILY),
        is_charge_off_whole=reader.flag("chargeOffWhole", absent=False),
        changes_of=reader.member("changesOf", DayOf, DayOf.BEGINNING),
        interest_refund=_refunds(reader, "interestRefund"),
    )
    for part in (npl, non_accrual, prepayment, reader):
        part.done()
    return made


def _rules(reader: Reader) -> tuple[RuleSet, ...]:
    """One rule set by its code, or a list: each book posts the events that are its own."""
    codes = reader.listed("rules") if isinstance(reader.values.get("rules"), list) else [reader.text("rules", None)]
    made = []
    for code in codes:
        if isinstance(code, str) and code in RULE_SETS:
            made.append(RULE_SETS[code])
        elif code is not None:
            reader.wrong(TermNotListed, "rules", name="rules", allowed=", ".join(RULE_SETS))
    return tuple(made)


def _share(reader: Reader, name: str) -> Decimal:
    found = reader.decimal(name, Decimal(0))
    if found < 1:
        return found
    reader.wrong(TermInvalid, name, name=name, expected="a fraction below one in a string")
    return Decimal(0)


def _components(reader: Reader, name: str) -> tuple[Component, ...]:
    made = []
    for n, one in enumerate(reader.listed(name)):
        word = str(one).lower()
        if word in set(Component):
            made.append(Component(word))
        else:
            reader.wrong(TermNotListed, f"{name}[{n}]", name=f"{name}[{n}]", allowed=", ".join(Component))
    return tuple(made)


def _refunds(reader: Reader, name: str) -> tuple[str, ...]:
    """Kinds of payment that bring goods' money back."""
    kinds = (PayKind.MERCHANT_REFUND, PayKind.PAYOUT_REFUND)
    made = []
    for n, one in enumerate(reader.listed(name)):
        if one in kinds:
            made.append(str(one))
        else:
            reader.wrong(TermNotListed, f"{name}[{n}]", name=f"{name}[{n}]", allowed=", ".join(kinds))
    return tuple(made)


def _strategies(reader: Reader) -> dict[str, Strategy]:
    """One strategy for all, or one for each kind of payment with a DEFAULT."""
    found = reader.values["allocation"]
    kinds = {DEFAULT, *PayKind}
    if not isinstance(found, dict) or not set(found) <= kinds:
        return {DEFAULT: _strategy(reader, "allocation")}
    part = reader.part("allocation")
    if DEFAULT not in found:
        part.wrong(TermMissing, DEFAULT, name=DEFAULT)
    made = {kind: _strategy(part, kind) for kind in found}
    part.done()
    return {DEFAULT: STRATEGIES["BANK_NORMAL"], **made}


def _strategy(reader: Reader, name: str) -> Strategy:
    """A strategy by name, or built: steps of due type and component, or a plain order of components."""
    absent = STRATEGIES["BANK_NORMAL"]
    reader.read.add(name)
    found = reader.values[name]
    if isinstance(found, str):
        if found in STRATEGIES:
            return STRATEGIES[found]
        reader.wrong(TermNotListed, name, name=name, allowed=", ".join(STRATEGIES))
        return absent
    part = reader.part(name)
    if part.has("order"):
        by = part.member("by", AllocationBy, AllocationBy.INSTALMENT)
        order = _components(part, "order")
        ahead = part.flag("ahead", absent=False)
        part.done()
        made = simple(order, by=by) if order else absent
        if ahead:
            last = made.passes[-1]
            return replace(made, passes=(*made.passes, Pass(dues=frozenset({DueType.IN_ADVANCE}), order=last.order)))
        return made
    steps = []
    for n, one in enumerate(part.listed("steps")):
        due, _, word = str(one).rpartition("_")
        if due in set(DueType) and word.lower() in set(Component):
            steps.append((DueType(due), Component(word.lower())))
        else:
            part.wrong(
                TermInvalid, f"steps[{n}]", name="steps", expected="a due type and a component: PAST_DUE_PENALTY"
            )
    horizontal = part.member("processing", Processing, Processing.HORIZONTAL) is Processing.HORIZONTAL
    target = part.member("future", Target, Target.NEXT)
    part.done()
    return configured(steps, horizontal=horizontal, target=target)


class Processing(StrEnum):
    """How a configurable strategy walks: instalment by instalment, or component by component."""

    HORIZONTAL = "HORIZONTAL"
    VERTICAL = "VERTICAL"


def _steps(found: Json, faults: list[Refusal], currency: str, changes_of: DayOf) -> tuple[Step, ...]:
    if not isinstance(found, list) or len(found) > STEPS_MAX:
        faults.append(TermInvalid(field="steps", name="steps", expected=f"a list of at most {STEPS_MAX}"))
        return ()
    made = []
    for no, one in enumerate(found, start=1):
        path = f"steps[{no - 1}]"
        if not isinstance(one, dict):
            faults.append(TermInvalid(field=path, name=path, expected="an object"))
            continue
        reader = Reader(one, f"{path}.", faults, currency)
        do = reader.member("do", Do, None)
        if do is None:
            if not reader.has("do"):
                reader.wrong(TermMissing, "do", name="do")
            continue
        on = reader.day("on", None)
        if do in {Do.WAIT, Do.CLOSE_DAY, Do.CLOSE_MONTH}:
            days = reader.whole("days", low=0, high=36_600, absent=0)
            made.append(Step(no=no, do=do, on=on, to=reader.day("to", on), days=days))
        else:
            made.append(Step(no=no, do=do, on=on, fact=_dated(READERS[do](reader, no), changes_of)))
        reader.done()
    return tuple(made)


def _dated(make: Make, changes_of: DayOf) -> Make:
    """The same fact, from the beginning of the day that its date names."""

    def made(no: int, on: date, booked: date) -> Fact:
        fact = make(no, on, booked)
        if not isinstance(fact, ChangeRate | Pause) or changes_of is DayOf.BEGINNING:
            return fact
        from_on = changes_of.first(fact.from_on or on)
        return replace(fact, from_on=from_on, value_on=min(on, from_on))

    return made


def _amount(reader: Reader) -> int:
    return reader.needed("amount", reader.amount("amount", None), 1)


def _disburse(reader: Reader, no: int) -> Make:
    del no
    amount = _amount(reader)
    return lambda n, on, booked: Disburse(no=n, value_on=on, booked_on=booked, amount=amount)


def _capitalise_income(reader: Reader, no: int) -> Make:
    del no
    amount = _amount(reader)
    return lambda n, on, booked: Disburse(no=n, value_on=on, booked_on=booked, amount=amount, is_income=True)


def _buy_down_fee(reader: Reader, no: int) -> Make:
    del no
    amount = _amount(reader)
    return lambda n, on, booked: Levy(
        no=n, value_on=on, booked_on=booked, name="BUY_DOWN_FEE", component=F, due_on=on, amount=amount,
        is_buy_down=True,
    )  # fmt: skip


def _adjust_income(reader: Reader, no: int) -> Make:
    of, amount = _step_no(reader, "step", no), _amount(reader)
    return lambda n, on, booked: Pay(
        no=n, value_on=on, booked_on=booked, amount=amount, kind=PayKind.INCOME_ADJUSTMENT, of=of
    )


def _pay(reader: Reader, no: int) -> Make:
    amount = _amount(reader)
    kind = reader.member("type", PayKind, PayKind.REPAYMENT)
    if kind is PayKind.INCOME_ADJUSTMENT:
        reader.wrong(TermInvalid, "type", name="type", expected="another type; do adjust-income instead")
    is_refunded = reader.flag("interestRefund", absent=False) if reader.has("interestRefund") else None
    intent = reader.member("intent", Intent, Intent.ALLOCATE)
    channel = reader.text("channel", "")
    of = reader.whole("charge", low=1, high=max(no - 1, 1), absent=None)
    parts = reader.parts("split", _split_part)
    tolerance = reader.amount("tolerance", 0, low=0)
    split = Dictated(parts, tolerance) if parts else None
    return lambda n, on, booked: Pay(
        no=n,
        value_on=on,
        booked_on=booked,
        amount=amount,
        kind=kind,
        intent=intent,
        channel=channel,
        of=of,
        split=split,
        is_interest_refunded=is_refunded,
    )


def _split_part(reader: Reader) -> Part:
    number = reader.needed("no", reader.whole("no", low=1, high=10_000, absent=None), 1)
    component = reader.needed("component", reader.member("component", Component, None), P)
    return Part(number, component, _amount(reader))


def _charge(reader: Reader, no: int) -> Make:
    del no
    amount = reader.amount("amount", 0)
    rate = reader.rate("rate", Decimal(0))
    basis = reader.member("basis", Basis, Basis.FLAT if not rate else Basis.AMOUNT)
    component = reader.member("component", Component, F)
    if component not in {F, N}:
        reader.wrong(TermNotListed, "component", name="component", allowed="fee, penalty")
    name = reader.text("name", "CHARGE")
    due_on = reader.day("dueOn", None)
    is_out = reader.flag("atDisbursement", absent=False)
    is_each = reader.flag("eachInstalment", absent=False)
    return lambda n, on, booked: Levy(
        no=n, value_on=on, booked_on=booked, name=name, component=component, due_on=due_on or on, amount=amount,
        rate=rate, basis=basis, is_at_disbursement=is_out, is_each_instalment=is_each,
    )  # fmt: skip


def _waive(reader: Reader, no: int) -> Make:
    component = reader.needed("component", reader.member("component", Component, None), F)
    approver = reader.text("approver", "")
    amount = reader.amount("amount", None)
    levy_no = reader.whole("charge", low=1, high=max(no - 1, 1), absent=None)
    return lambda n, on, booked: Waive(
        no=n, value_on=on, booked_on=booked, component=component, approver=approver, amount=amount, levy_no=levy_no
    )


def _step_no(reader: Reader, name: str, no: int) -> int:
    return reader.needed(name, reader.whole(name, low=1, high=max(no - 1, 1), absent=None), 1)


def _reverse(reader: Reader, no: int) -> Make:
    of = _step_no(reader, "step", no)
    return lambda n, on, booked: Reverse(no=n, value_on=on, booked_on=booked, of=of)


def _chargeback(reader: Reader, no: int) -> Make:
    of, amount = _step_no(reader, "step", no), _amount(reader)
    return lambda n, on, booked: Chargeback(no=n, value_on=on, booked_on=booked, of=of, amount=amount)


def _refund(reader: Reader, no: int) -> Make:
    del no
    amount = _amount(reader)
    return lambda n, on, booked: Refund(no=n, value_on=on, booked_on=booked, amount=amount)


def _rate_change(reader: Reader, no: int) -> Make:
    del no
    rate = reader.needed("rateAnnual", reader.rate("rateAnnual", None), Decimal(0))
    from_on = reader.day("from", None)
    return lambda n, on, booked: ChangeRate(no=n, value_on=on, booked_on=booked, rate_annual=rate, from_on=from_on)


def _reschedule(reader: Reader, no: int) -> Make:
    del no
    from_due_on = reader.needed("fromDueOn", reader.day("fromDueOn", None), date.min)
    to_due_on = reader.day("toDueOn", None)
    extra = reader.whole("extraInstalments", low=0, high=1_200, absent=0)
    rate = reader.rate("rateAnnual", None)
    is_free = reader.flag("interestFree", absent=False)
    grace = reader.whole("gracePrincipal", low=0, high=1_200, absent=0)
    return lambda n, on, booked: Reschedule(
        no=n, value_on=on, booked_on=booked, from_due_on=from_due_on, to_due_on=to_due_on, extra=extra,
        rate_annual=rate, is_interest_free=is_free, grace_principal=grace,
    )  # fmt: skip


def _re_age(reader: Reader, no: int) -> Make:
    del no
    first_on = reader.needed("startOn", reader.day("startOn", None), date.max)
    count = reader.needed("instalments", reader.instalments("instalments", None), 1)
    every = reader.whole("every", low=1, high=366, absent=1)
    unit = reader.member("unit", Unit, Unit.MONTH)
    interest = reader.member("interest", Spreading, Spreading.SOLVED)
    if interest is Spreading.WAIVED:
        reader.wrong(TermNotListed, "interest", name="interest", allowed="SOLVED, EQUAL, EQUAL_WHOLE")
    return lambda n, on, booked: ReAge(
        no=n,
        value_on=min(on, first_on),
        booked_on=booked,
        first_on=first_on,
        count=count,
        every=every,
        unit=unit,
        interest=interest,
    )


def _re_amortise(reader: Reader, no: int) -> Make:
    del no
    interest = reader.member("interest", Spreading, Spreading.SOLVED)
    if interest is Spreading.EQUAL_WHOLE:
        reader.wrong(TermNotListed, "interest", name="interest", allowed="SOLVED, EQUAL, WAIVED")
    return lambda n, on, booked: ReAmortise(no=n, value_on=on, booked_on=booked, interest=interest)


def _charge_off(reader: Reader, no: int) -> Make:
    del no
    is_fraud, reason = reader.flag("fraud", absent=False), reader.text("reason", "")
    return lambda n, on, booked: ChargeOff(no=n, value_on=on, booked_on=booked, is_fraud=is_fraud, reason=reason)


def _write_off(reader: Reader, no: int) -> Make:
    del no
    approver = reader.text("approver", "")
    return lambda n, on, booked: WriteOff(no=n, value_on=on, booked_on=booked, approver=approver)


def _recover(reader: Reader, no: int) -> Make:
    del no
    amount = _amount(reader)
    return lambda n, on, booked: Recover(no=n, value_on=on, booked_on=booked, amount=amount)


def _compensate(reader: Reader, no: int) -> Make:
    del no
    guarantor, scope = reader.text("to", "GUARANTOR"), reader.member("scope", Scope, Scope.WHOLE)
    return lambda n, on, booked: Compensate(no=n, value_on=on, booked_on=booked, guarantor=guarantor, scope=scope)


def _repurchase(reader: Reader, no: int) -> Make:
    del no
    buyer = reader.text("to", "PLATFORM")
    return lambda n, on, booked: Repurchase(no=n, value_on=on, booked_on=booked, buyer=buyer)


def _pause(reader: Reader, no: int) -> Make:
    del no
    to_on = reader.needed("to", reader.day("to", None), date.max)
    from_on = reader.day("from", None)
    return lambda n, on, booked: Pause(no=n, value_on=on, booked_on=booked, to_on=to_on, from_on=from_on)


def _plain(kind: type[Accelerate | Cancel]) -> Callable[[Reader, int], Make]:
    def read(reader: Reader, no: int) -> Make:
        del reader, no
        return lambda n, on, booked: kind(no=n, value_on=on, booked_on=booked)

    return read


READERS: Final[Mapping[Do, Callable[[Reader, int], Make]]] = MappingProxyType(
    {
        Do.DISBURSE: _disburse, Do.PAY: _pay, Do.CHARGE: _charge, Do.WAIVE: _waive, Do.REVERSE: _reverse,
        Do.CHARGEBACK: _chargeback, Do.REFUND: _refund, Do.RATE_CHANGE: _rate_change, Do.RESCHEDULE: _reschedule,
        Do.CAPITALISE_INCOME: _capitalise_income, Do.BUY_DOWN_FEE: _buy_down_fee, Do.ADJUST_INCOME: _adjust_income,
        Do.RE_AGE: _re_age, Do.RE_AMORTISE: _re_amortise, Do.ACCELERATE: _plain(Accelerate),
        Do.CHARGE_OFF: _charge_off, Do.WRITE_OFF: _write_off, Do.RECOVER: _recover,
        Do.TRANSFER_TO_GUARANTOR: _compensate, Do.REPURCHASE: _repurchase, Do.CANCEL: _plain(Cancel), Do.PAUSE: _pause,
    }
)  # fmt: skip
"""How each step that is a fact is read."""


# --- playing ----------------------------------------------------------------------------------------------------------


def play(asked_for: Scenario) -> Iterator[Answer]:
    """Each step, and what it has led to."""
    first = asked_for.steps[0].on if asked_for.steps else None
    today = first or asked_for.contract.terms.start_on
    life = replay(asked_for.contract, (), on=today)
    closed_to: date | None = None
    gone: list[Transaction] = []
    for step in asked_for.steps:
        before, refused = life, tuple[Refusal, ...]()
        if step.fact is None:
            today = max(step.to or today, today) + timedelta(days=step.days)
            life = life.at(today) if life.facts else replay(asked_for.contract, (), on=today)
            closed_to = today if step.do is Do.CLOSE_MONTH else closed_to
        else:
            on = step.on or today
            today = max(today, on)
            made = book(
                life if today == life.on or not life.facts else life.at(today), step.fact(step.no, on, today), on=today
            )
            if isinstance(made, tuple):
                refused = made
                life = life.at(today) if life.facts else life
            else:
                kept = {one.fact_no for one in made.transactions}
                gone += (one for one in life.transactions if one.fact_no and one.fact_no not in kept)
                life = made
        movements = difference(before.movements, life.movements, on=today, fact_no=step.no)
        yield Answer(
            step=step, business_on=today, refused=refused, life=life, movements=movements, closed_to=closed_to,
            gone=tuple(gone),
        )  # fmt: skip


# --- answering --------------------------------------------------------------------------------------------------------


def answer_json(answer: Answer, *, rules: Sequence[RuleSet] = (), locale: str = "zh-CN") -> dict[str, object]:
    """An answer as JSON: amounts in major units and rates as strings; entries by the accounts of the rule sets."""
    life, step = answer.life, answer.step
    currency = life.contract.terms.currency

    def money(minor: int) -> str:
        return str(Money(minor, currency))

    made: dict[str, object] = {
        "step": step.no,
        "do": step.do.value,
        "on": (step.on or answer.business_on).isoformat(),
        "businessOn": answer.business_on.isoformat(),
    }
    if answer.refused:
        made["refused"] = [
            {"code": one.code, "message": text(one, locale), "field": one.field} for one in answer.refused
        ]
    now = outlook(life)
    made |= {
        "status": now.status.value,
        "daysPastDue": now.dpd,
        "schedule": _schedule_json(life, money),
        "transactions": [
            *(_transaction_json(one, money, is_reversed=False) for one in life.transactions),
            *(_transaction_json(one, money, is_reversed=True) for one in answer.gone),
        ],
        "charges": _charges_json(life, money),
        "balances": {
            **{component.value: money(now.outstanding[component]) for component in ALL},
            "outstanding": money(sum(now.outstanding.values())),
            "due": money(sum(now.due.values())),
            "overdue": money(sum(now.overdue.values())),
            "overpaid": money(now.excess),
            "payoff": money(now.payoff),
        },
        "buckets": {bucket: money(amount) for bucket, amount in now.buckets.items() if amount},
        "versions": [
            {"no": one.no, "reason": one.reason, "step": one.fact_no, "on": one.on.isoformat()}
            for one in life.state.versions
        ],
        "nextDueOn": now.next_due_on.isoformat() if now.next_due_on else None,
        "nextDue": money(sum(now.next_due.values())),
        "journal": [_posted_json(one, answer, money, rules) for one in answer.movements],
    }
    return made


def _schedule_json(life: Life, money: Callable[[int], str]) -> list[object]:
    made: list[object] = []
    left = life.state.disbursed
    for one in life.instalments:
        left -= one.owed[P]
        made.append(
            {
                "no": one.no,
                "kind": one.kind.value,
                "from": one.from_on.isoformat(),
                "due": one.due_on.isoformat(),
                "days": (one.due_on - one.from_on).days,
                "paidOn": one.completed_on.isoformat() if one.completed_on else None,
                "balance": money(max(left, 0)),
                **{component.value: money(one.owed[component]) for component in (P, I, F, N, C)},
                "total": money(one.due),
                "paid": money(one.paid_total),
                "inAdvance": money(one.in_advance),
                "late": money(one.late),
                "waived": money(sum(one.waived.values())),
                "outstanding": money(one.outstanding),
                **({"creditor": one.creditor} if one.creditor else {}),
            }
        )
    return made


def _transaction_json(one: Transaction, money: Callable[[int], str], *, is_reversed: bool) -> dict[str, object]:
    return {
        "step": one.fact_no,
        "type": one.kind,
        "on": one.on.isoformat(),
        "amount": money(one.amount),
        **{component.value: money(one.portion(component)) for component in (P, I, F, N, C)},
        "overpayment": money(one.excess),
        "balance": money(one.outstanding),
        "reversed": is_reversed,
    }


def _charges_json(life: Life, money: Callable[[int], str]) -> list[object]:
    return [
        {
            "step": one.no,
            "name": one.name,
            "component": one.component.value,
            "dueOn": one.due_on.isoformat(),
            "amount": money(one.amount),
            "paid": money(one.paid),
            "waived": money(one.waived),
            "outstanding": money(one.open),
        }
        for one in life.state.levies
    ]


def _posted_json(
    one: Movement, answer: Answer, money: Callable[[int], str], rules: Sequence[RuleSet]
) -> dict[str, object]:
    closed = answer.closed_to is not None and one.value_on <= answer.closed_to
    made: dict[str, object] = {
        "event": one.event.value,
        "step": one.fact_no,
        "on": (answer.business_on if closed else one.value_on).isoformat(),
        "flags": sorted(flag.name for flag in one.flags),
        "amounts": {name: money(amount) for name, amount in one.amounts.items()},
    }
    if closed:
        made["economicOn"] = one.value_on.isoformat()
    entries: list[object] = []
    for rule_set in rules:
        if rule_set.party is not one.event.party:
            continue
        posted = lines(one.event, one.amounts, rule_set, flags=one.flags)
        if isinstance(posted, EventUnruled):
            entries.append({"book": rule_set.code, "refused": posted.code, "message": text(posted, "en")})
        elif posted:
            sides = [
                {"account": line.account, "side": line.shown[0].name, "amount": money(line.shown[1])} for line in posted
            ]
            entries.append({"book": rule_set.code, "lines": sides})
    if rules:
        made["entries"] = entries
    return made


def refusals_of(answers: Iterable[Answer]) -> int:
    """How many steps were refused."""
    return sum(bool(one.refused) for one in answers)
