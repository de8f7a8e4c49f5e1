"""Lives of Chinese loans, by figures that can be checked by hand (reference §2.4 to §2.8 and §2.11)."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest

from domain.product.accounting import Event
from domain.servicing.admission import book, payoff
from domain.servicing.allocation import STRATEGIES, Component, Dictated, Part
from domain.servicing.contract import (
    DEFAULT,
    Bearing,
    Contract,
    EarlyInterest,
    Grace,
    LifeTerms,
    Prepayment,
    Spread,
)
from domain.servicing.daycount import DayCount
from domain.servicing.fact import (
    Accelerate,
    Cancel,
    Chargeback,
    Compensate,
    Disburse,
    Fact,
    Intent,
    Levy,
    Pay,
    PayKind,
    Recover,
    Refund,
    Repurchase,
    Reschedule,
    Reverse,
    Scope,
    Waive,
    WriteOff,
)
from domain.servicing.life import Life, effective, extend, known_by, replay
from domain.servicing.movement import balances
from domain.servicing.progress import C, F, I, N, P
from domain.servicing.standing import outlook
from domain.servicing.terms import Terms
from ledger.money import Rounding

START = date(2026, 1, 15)
BANK = Terms(
    principal=10_000_00, currency="CNY", rate_annual=Decimal("0.18"), instalments=12, start_on=START,
    day_count=DayCount.THIRTY_360, rounding=Rounding.HALF_UP, grace_days=0, penalty_rate_annual=Decimal("0.27"),
)  # fmt: skip
"""A = 916.80: 766.80 + 150.00 in the first period."""
NORMAL = MappingProxyType({DEFAULT: STRATEGIES["BANK_NORMAL"]})


def due(no: int) -> date:
    return BANK.due_on(no)


def lived(*facts: tuple[type[Fact], date, dict[str, Any]], on: date, terms: Terms = BANK, **life: Any) -> Life:  # noqa: ANN401 - any life term
    """A life that begins with the disbursement; every fact must be admitted."""
    contract = Contract(terms=terms, life=LifeTerms(**{"strategies": NORMAL, **life}))
    made = replay(contract, (), on=START)
    first: tuple[type[Fact], date, dict[str, Any]] = (Disburse, START, {"amount": terms.principal})
    for no, (kind, at, values) in enumerate((first, *facts), start=1):
        today = max(made.on, at)
        after = book(made, kind(no=no, value_on=at, booked_on=today, **values), on=today)
        assert isinstance(after, Life), after
        made = after
    return made.at(max(on, made.on))


def paid(no: int, amount: int = 916_80) -> tuple[type[Fact], date, dict[str, Any]]:
    return Pay, due(no), {"amount": amount}


def row(life: Life, no: int) -> tuple[int, ...]:
    one = life.instalments[no - 1]
    return tuple(one.owed[each] for each in (P, I, F, N, C))


def test_a_payment_in_time_meets_the_instalment_and_the_rest_waits_for_the_next_due_date() -> None:
    life = lived(paid(1, 1_000_00), on=due(1))
    assert outlook(life).excess == 83_20
    later = life.at(due(2))
    assert outlook(later).excess == 0
    assert later.instalments[1].paid_total == 83_20
    assert [one.kind for one in later.transactions] == ["DISBURSEMENT", "REPAYMENT", "OVERPAYMENT_APPLIED"]


def test_penalty_of_overdue_principal_at_one_and_a_half_times_the_rate() -> None:
    # 766.80 for thirty days at 27 %/360 = 17.253; 150.00 of interest for thirty days = 3.375
    life = lived(on=due(1) + timedelta(days=30), is_compound=True)
    assert row(life, 1) == (766_80, 150_00, 0, 17_25, 3_38)
    assert outlook(life).dpd == 30


@pytest.mark.parametrize(
    ("days", "life", "penalty", "dpd"),
    [
        (3, {}, 0, 0),
        (3, {"grace": Grace.NO_PENALTY}, 0, 3),
        (4, {}, 2_30, 4),
        (4, {"is_grace_retroactive": False}, 58, 4),
        (40, {"cap_annual": Decimal("0.18")}, 17_41, 40),
    ],
)
def test_grace_and_cap(days: int, life: dict[str, Any], penalty: int, dpd: int) -> None:
    # a day of 766.80 at 27 %/360 is 0.5751; the cap is 71 days of 10,000.00 at 18 %/360, 355.00, and 337.59 is interest
    made = lived(on=due(1) + timedelta(days=days), terms=replace(BANK, grace_days=3), **life)
    assert (row(made, 1)[3], outlook(made).dpd) == (penalty, dpd)


def test_what_is_paid_within_grace_bears_no_penalty() -> None:
    pay = (Pay, due(1) + timedelta(days=2), {"amount": 816_80})
    life = lived(pay, on=due(1) + timedelta(days=10), terms=replace(BANK, grace_days=3))
    assert row(life, 1)[3] == 75  # only the last 100.00, for ten days


def test_a_late_charge_is_laid_once_on_each_overdue_instalment() -> None:
    life = lived(on=due(2) + timedelta(days=9), late_fee=20_00, terms=replace(BANK, penalty_rate_annual=Decimal(0)))
    assert [row(life, no)[3] for no in (1, 2, 3)] == [20_00, 20_00, 0]


THREE = (paid(1), paid(2), paid(3))
TENTH = due(3) + timedelta(days=10)


@pytest.mark.parametrize(
    ("prepayment", "amount"),
    [
        # 7,664.92 is left after three; ten days of it in a month of thirty bear 38.32 (reference §2.8)
        (Prepayment(), 7_664_92 + 38_32),
        (Prepayment(interest=EarlyInterest.WHOLE_PERIOD), 7_664_92 + 114_97),
        (Prepayment(fee_rate=Decimal("0.04")), 7_664_92 + 38_32 + 306_60),
    ],
)
def test_early_settlement(prepayment: Prepayment, amount: int) -> None:
    life = lived(*THREE, on=TENTH, prepayment=prepayment)
    assert payoff(life.state) == amount
    pay = Pay(no=9, value_on=TENTH, booked_on=TENTH, amount=amount, intent=Intent.SETTLE)
    made = book(life, pay, on=TENTH)
    assert isinstance(made, Life)
    assert outlook(made).status == "SETTLED"
    assert not any(balances(made.movements).values())
    assert made.state.versions[-1].reason == "EARLY_SETTLEMENT"
    less = replace(pay, amount=amount - 1)
    refused = book(life, less, on=TENTH)
    assert not isinstance(refused, Life)
    assert [one.code for one in refused] == ["AMOUNT_BELOW_PAYOFF"]


@pytest.mark.parametrize("fee_rate", ["0.0401", "0.0403", "0.0407"])
@pytest.mark.parametrize("rounding", [Rounding.UP, Rounding.DOWN])
def test_the_fee_of_settling_is_rounded_as_payments_are_whatever_rounds_interest(
    rounding: Rounding, fee_rate: str
) -> None:
    other = Rounding.DOWN if rounding is Rounding.UP else Rounding.UP
    terms = replace(BANK, rounding=rounding, interest_rounding=other)
    life = lived(paid(1), on=TENTH, terms=terms, prepayment=Prepayment(fee_rate=Decimal(fee_rate)))
    pay = Pay(no=9, value_on=TENTH, booked_on=TENTH, amount=payoff(life.state), intent=Intent.SETTLE)
    made = book(life, pay, on=TENTH)
    assert isinstance(made, Life)
    assert outlook(made).status == "SETTLED"
    assert not any(balances(made.movements).values())


def test_a_partial_prepayment_shortens_the_term_or_lowers_the_payment() -> None:
    prepay = {"amount": 3_038_32}
    shorter = lived(*THREE, (Pay, TENTH, {**prepay, "intent": Intent.REDUCE_TERM}), on=TENTH)
    lower = lived(*THREE, (Pay, TENTH, {**prepay, "intent": Intent.REDUCE_PAYMENT}), on=TENTH)
    for life in (shorter, lower):
        assert row(life, 4) == (3_000_00, 38_32, 0, 0, 0)
        assert life.state.balance == 4_664_92
    ahead = [one for one in shorter.instalments if one.due_on > TENTH]
    assert len(ahead) == 6
    assert {one.due for one in ahead[:-1]} == {916_80}
    ahead = [one for one in lower.instalments if one.due_on > TENTH]
    assert len(ahead) == 9
    assert max(one.due for one in ahead[:-1]) - min(one.due for one in ahead[:-1]) == 0
    assert ahead[0].due < 916_80


def test_following_instalments_can_be_paid_as_planned_before_they_fall_due() -> None:
    life = lived(paid(1), (Pay, due(1), {"amount": 916_80, "intent": Intent.KEEP_PLAN}), on=due(1))
    assert life.instalments[1].in_advance == 916_80
    assert outlook(life).status == "ACTIVE"


@pytest.mark.parametrize(
    ("life", "kind", "values", "code"),
    [
        ({"prepayment": Prepayment(lock_in_days=365)}, Pay, {"amount": 9_000_00, "intent": Intent.SETTLE},
         "PREPAYMENT_LOCKED"),
        ({"prepayment": Prepayment(minimum=500_00)}, Pay, {"amount": 400_00, "intent": Intent.REDUCE_TERM},
         "PREPAYMENT_TOO_SMALL"),
        ({}, Refund, {"amount": 1}, "AMOUNT_ABOVE_OPEN"),
        ({}, Waive, {"component": Component.FEE, "approver": "A"}, "AMOUNT_ABOVE_OPEN"),
        ({}, Cancel, {}, "COOLING_OFF_OVER"),
        ({}, Recover, {"amount": 1}, "NOT_WRITTEN_OFF"),
        ({}, Compensate, {"guarantor": "G"}, "NOTHING_OVERDUE"),
        ({}, Chargeback, {"of": 1, "amount": 1}, "FACT_UNKNOWN"),
        ({}, Reverse, {"of": 77}, "FACT_UNKNOWN"),
        ({}, Pay, {"amount": 0}, "AMOUNT_NOT_POSITIVE"),
        ({}, Pay, {"amount": 10**17}, "AMOUNT_TOO_LARGE"),
        ({}, Reschedule, {"from_due_on": date(2030, 1, 1)}, "INSTALMENT_UNKNOWN"),
        ({}, Pay, {"amount": 5, "split": Dictated((Part(1, P, 5), Part(1, I, 5)))}, "SPLIT_DISPUTED"),
    ],
)  # fmt: skip
def test_what_is_impossible_is_refused_by_name(
    life: dict[str, Any], kind: type[Fact], values: dict[str, Any], code: str
) -> None:
    made = lived(*THREE, on=TENTH, **life)
    refused = book(made, kind(no=9, value_on=TENTH, booked_on=TENTH, **values), on=TENTH)
    assert not isinstance(refused, Life)
    assert code in [one.code for one in refused]


def test_the_split_that_a_partner_dictates_is_taken_as_it_is() -> None:
    split = Dictated((Part(1, P, 500_00), Part(1, I, 100_00)))
    life = lived((Pay, due(1), {"amount": 600_00, "split": split}), on=due(1))
    assert life.instalments[0].open(I) == 50_00


def test_a_backdated_payment_gives_today_what_the_payment_in_time_would_have_given() -> None:
    late = due(2) + timedelta(days=9)
    in_time = lived(paid(1), paid(2), on=late)
    known_late = lived(paid(2), on=late)
    known_late = extend(known_late, Pay(no=9, value_on=due(1), booked_on=late, amount=916_80), on=late)
    assert outlook(known_late).buckets == outlook(in_time).buckets
    assert [one.outstanding for one in known_late.instalments] == [one.outstanding for one in in_time.instalments]


def test_what_was_known_on_a_day_can_be_asked_later() -> None:
    late = due(2) + timedelta(days=9)
    life = lived(paid(1), (Pay, due(2), {"amount": 916_80}), on=due(2))
    facts = (*life.facts[:2], replace(life.facts[2], booked_on=late))
    assert outlook(replay(life.contract, known_by(facts, due(2)), on=late)).dpd == 9
    assert outlook(replay(life.contract, known_by(facts, late), on=late)).dpd == 0


def test_non_accrual_after_ninety_days_principal_first_and_back_again() -> None:
    after = due(1) + timedelta(days=91)
    npl: dict[str, Any] = {"non_accrual_after": 90, "npl_strategy": STRATEGIES["BANK_NPL"]}
    assert outlook(lived(on=after - timedelta(days=1), **npl)).status == "OVERDUE"
    life = lived(on=after, **npl)
    held = outlook(life).buckets
    assert outlook(life).status == "NON_ACCRUAL"
    assert (held["principal"], held["overdue_principal"], held["nonaccrual_principal"]) == (0, 0, 10_000_00)
    made = lived((Pay, after, {"amount": 500_00}), on=after, **npl)
    assert made.transactions[-1].split == {P: 500_00}
    whole = sum(one.amount for one in made.state.dues(is_ahead=False))
    cured = lived((Pay, after, {"amount": 500_00}), (Pay, after, {"amount": whole}), on=after, **npl)
    assert outlook(cured).status == "ACTIVE"
    assert Event.ACCRUAL_RESUMED in [one.event for one in cured.movements]


def test_a_guarantor_pays_and_the_debtor_owes_him() -> None:
    after = due(1) + timedelta(days=30)
    life = lived((Compensate, after, {"guarantor": "G"}), (Pay, after, {"amount": 100_00}), on=after)
    assert outlook(life).status == "TRANSFERRED"
    assert not any(outlook(life).buckets.values())
    assert [one.event for one in life.movements if one.fact_no == 3] == [
        Event.REPAYMENT,
        Event.SUBROGATION_RECOVERED,
    ]
    part = lived((Compensate, after, {"guarantor": "G", "scope": Scope.OVERDUE}), on=after)
    assert [one.creditor for one in part.instalments][:3] == ["G", "G", ""]
    assert outlook(lived((Repurchase, after, {"buyer": "B"}), on=after)).status == "TRANSFERRED"


def test_written_off_and_recovered() -> None:
    after = due(1) + timedelta(days=30)
    life = lived((WriteOff, after, {"approver": "A"}), (Recover, after, {"amount": 300_00}), on=after)
    assert outlook(life).status == "WRITTEN_OFF"
    claim = life.transactions[1].amount
    assert outlook(life).buckets["written_off"] == claim - 300_00


def test_cancelled_within_the_cooling_off_time_costs_nothing() -> None:
    day = START + timedelta(days=3)
    life = lived((Cancel, day, {}), on=day, cooling_off_days=7)
    assert outlook(life).status == "CANCELLED"
    assert not any(balances(life.movements).values())
    assert life.transactions[-1].amount == 10_000_00


def test_accelerated_everything_is_due_with_interest_to_date() -> None:
    day = START + timedelta(days=10)
    life = lived((Accelerate, day, {}), on=day)
    assert [(one.due_on, one.owed[P], one.owed[I]) for one in life.instalments] == [(day, 10_000_00, 48_39)]


def test_an_extension_keeps_what_is_past_and_plans_the_rest_anew() -> None:
    fact = (Reschedule, due(3), {"from_due_on": due(4), "extra": 6})
    life = lived(*THREE, fact, on=due(3))
    assert len(life.instalments) == 18
    assert sum(one.owed[P] for one in life.instalments) == 10_000_00
    moved = lived(*THREE, (Reschedule, due(3), {"from_due_on": due(4), "to_due_on": due(6)}), on=due(3))
    assert [one.due_on for one in moved.instalments][3:5] == [due(6), due(7)]
    assert moved.instalments[3].owed[I] == 344_92  # 7,664.92 for three months instead of one


def test_interest_follows_the_balance_of_each_day_where_the_contract_says_so() -> None:
    half = START + timedelta(days=15)
    pay = (Pay, half, {"amount": 5_000_00, "kind": PayKind.REPAYMENT})
    ahead = MappingProxyType({DEFAULT: STRATEGIES["mifos-standard-strategy"]})
    life = lived(pay, on=half, bearing=Bearing.DAILY, strategies=ahead)
    # fifteen days of 10,000.00 in a month of thirty-one: 72.58; the rest is principal
    assert life.transactions[-1].split == {I: 72_58, P: 4_927_42}


def test_a_reversal_brings_back_what_was_and_keeps_every_number() -> None:
    life = lived(paid(1), (Reverse, due(1), {"of": 2}), (Pay, due(1), {"amount": 100_00}), on=due(1))
    assert [one.no for one in effective(life.facts)] == [1, 4]
    assert [one.fact_no for one in life.transactions] == [1, 4]


def test_a_charge_after_maturity_makes_one_more_instalment() -> None:
    after = due(12) + timedelta(days=20)
    levy = {"name": "X", "component": F, "due_on": after, "amount": 20_00}
    life = lived((Levy, after, levy), on=after)
    assert (life.instalments[-1].due_on, life.instalments[-1].owed[F]) == (after, 20_00)


def test_what_a_dictated_split_leaves_meets_what_is_overdue_before_the_next_disbursement() -> None:
    after = due(1) + timedelta(days=10)
    ahead = MappingProxyType({DEFAULT: STRATEGIES["mifos-standard-strategy"]})
    told = {"amount": 200_00, "split": Dictated(parts=(Part(1, I, 150_00),))}
    fair = replace(BANK, penalty_rate_annual=Decimal(0))
    more = (Disburse, after + timedelta(days=1), {"amount": 10_00})
    life = lived((Pay, after, told), more, on=after, terms=fair, strategies=ahead)
    assert (life.state.excess, life.state.buckets()["overdue_principal"]) == (0, 716_80)
    assert balances(life.movements) == life.state.buckets()


@pytest.mark.parametrize("is_income", [False, True])
def test_what_is_lent_after_a_guarantor_has_paid_the_last_instalment_is_the_lenders(is_income: bool) -> None:
    terms = replace(BANK, instalments=1, penalty_rate_annual=Decimal(0))
    late = due(1) + timedelta(days=5)
    paid_for = (Compensate, late, {"guarantor": "G", "scope": Scope.OVERDUE})
    more = (Disburse, late + timedelta(days=1), {"amount": 12_86, "is_income": is_income})
    spread = Spread.ON_OR_AFTER
    life = lived(paid_for, more, on=late + timedelta(days=1), terms=terms, spread=spread)
    assert balances(life.movements) == life.state.buckets()
    assert life.state.buckets()["principal"] == 12_86
