"""The disclosure of a plan and of what was paid: every field that the rule asks for, sums that sum, one hash."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import add_months
from domain.refusals import Refusal
from domain.servicing.annuity import NoRate, SeveralRates
from domain.servicing.cost import Annualised, shown
from domain.servicing.daycount import DayCount
from domain.servicing.disclosure import (
    NOTHING_ELSE,
    VERSION,
    Charge,
    ContingentCost,
    CostDisclosure,
    content,
    disclose,
    disclose_paid,
    sheet,
)
from domain.servicing.duedate import Calendar, DueRule, Unit
from domain.servicing.schedule import Schedule, schedule
from domain.servicing.terms import Disbursement, Fee, FeeBasis, FeeWhen, Method, Terms
from ledger.money import Rounding

START = date(2026, 1, 15)
CAP = Decimal("0.24")
TERMS = Terms(
    principal=10_000_00,
    currency="CNY",
    rate_annual=Decimal("0.12"),
    instalments=12,
    start_on=START,
    day_count=DayCount.THIRTY_360,
    rounding=Rounding.HALF_UP,
    grace_days=0,
    penalty_rate_annual=Decimal("0.18"),
)
GUARANTEE = Fee(code="GUARANTEE_FEE", value=Decimal(57_11), payee="GUARANTOR")
DEDUCTED = Fee(code="SET_UP", value=Decimal("0.03"), when=FeeWhen.DEDUCTED, basis=FeeBasis.PRINCIPAL)
ONCE = Fee(code="VISIT", value=Decimal(20_00), when=FeeWhen.ONCE, no=3)


def _made(terms: Terms, *, contingent: tuple[ContingentCost, ...] = ()) -> CostDisclosure:
    return _found(disclose(terms, schedule(terms), cap=CAP, contingent=contingent))


def _found(made: CostDisclosure | Refusal) -> CostDisclosure:
    assert isinstance(made, CostDisclosure)
    return made


@pytest.mark.parametrize(
    ("changes", "simple", "effective"),
    [
        # domain reference, REG-01
        ({"fees": (GUARANTEE,)}, "0.2400", "0.2682"),
        ({"fees": (DEDUCTED,)}, "0.1783", "0.1936"),
        ({"method": Method.EQUAL_INTEREST, "rate_annual": Decimal("0.072")}, "0.1303", "0.1384"),
        # one payment after a year
        ({"method": Method.BULLET}, "0.1139", "0.1200"),
        # four quarters at 3 %: months compound to it
        ({"instalments": 4, "calendar": Calendar(unit=Unit.QUARTER)}, "0.1188", "0.1255"),
        ({}, "0.1200", "0.1268"),
        ({"rate_annual": Decimal(0)}, "0.0000", "0.0000"),
    ],
)
def test_yearly_costs(changes: dict[str, object], simple: str, effective: str) -> None:
    annual = _made(replace(TERMS, **changes)).annual  # type: ignore[arg-type]
    assert (str(shown(annual.simple)), str(shown(annual.effective))) == (simple, effective)


def test_every_charge_with_its_standard_and_payee() -> None:
    made = _made(replace(TERMS, fees=(GUARANTEE, DEDUCTED, ONCE, replace(ONCE, code="SERVICE", payer="FUNDER"))))
    assert [(one.item, one.payee, one.collected, one.basis, one.standard, one.amount) for one in made.items] == [
        ("INTEREST", "FUNDER", "PER_INSTALMENT", "OUTSTANDING", Decimal("0.12"), 661_86),
        ("GUARANTEE_FEE", "GUARANTOR", "PER_INSTALMENT", "AMOUNT", Decimal(57_11), 12 * 57_11),
        ("SET_UP", "FUNDER", "DEDUCTED", "PRINCIPAL", Decimal("0.03"), 300_00),
        ("VISIT", "FUNDER", "ONCE", "AMOUNT", Decimal(20_00), 20_00),
    ]
    assert (made.principal, made.received) == (10_000_00, 9_700_00)
    assert made.total_fees == 12 * 57_11 + 300_00 + 20_00
    assert made.total_payment == 10_000_00 + 661_86 + made.total_fees
    rates = [one.rate_annual for one in made.items]
    assert max(rates) < made.annual.simple < sum(rates) + Decimal("0.02")


def test_odd_periods_and_several_disbursements_are_annualised_by_dates() -> None:
    odd = _made(replace(TERMS, calendar=Calendar(rule=DueRule.FIXED_DAY, due_day=10)))
    assert odd.annual.effective == odd.annual.dated
    twice = (Disbursement(on=START, amount=6_000_00), Disbursement(on=date(2026, 3, 20), amount=4_000_00))
    drawn = _made(replace(TERMS, disbursements=twice))
    assert drawn.annual.effective == drawn.annual.dated
    assert abs(drawn.annual.simple - Decimal("0.12")) < Decimal("0.003")


def test_a_plan_without_rows_has_its_cost_too() -> None:
    plan = schedule(TERMS)
    bare = _found(disclose(TERMS, Schedule(plan.currency, plan.instalments), cap=CAP))
    assert bare == _made(TERMS)


def test_flows_that_have_no_rate_have_no_disclosure() -> None:
    all_of_it = replace(TERMS, fees=(replace(DEDUCTED, value=Decimal(1)),))
    assert disclose(all_of_it, schedule(all_of_it), cap=CAP) == NoRate()
    assert disclose_paid("CNY", received=[(START, 1)], paid=[], cap=CAP) == NoRate()
    again = [(START, 100), (add_months(START, 2), 100)]
    paid = [Charge(on=add_months(START, k), item="PRINCIPAL", payee="FUNDER", amount=120) for k in (1, 3)]
    assert disclose_paid("CNY", received=again, paid=paid, cap=CAP) == SeveralRates(changes=3)


@settings(max_examples=20)
@given(st.integers(100_00, 10**8), st.integers(1, 36), st.decimals(0, Decimal("0.36"), places=4), st.integers(0, 50_00))
def test_what_is_paid_as_planned_is_disclosed_alike(lent: int, n: int, rate: Decimal, fee: int) -> None:
    terms = replace(
        TERMS, principal=lent, instalments=n, rate_annual=rate, fees=(replace(GUARANTEE, value=Decimal(fee)),)
    )
    plan = schedule(terms)
    planned = _made(terms)
    paid = [
        Charge(on=one.due_on, item=item, payee=payee, amount=amount)
        for one in plan.instalments
        for item, payee, amount in (
            ("PRINCIPAL", "FUNDER", one.principal),
            ("INTEREST", "FUNDER", one.interest),
            ("GUARANTEE_FEE", "GUARANTOR", one.fee),
        )
    ]
    real = _found(disclose_paid("CNY", received=[(START, lent)], paid=paid, cap=CAP))
    assert (real.principal, real.total_interest, real.total_fees) == (lent, planned.total_interest, planned.total_fees)
    assert real.total_payment == planned.total_payment == sum(one.total for one in plan.instalments)
    assert real.annual.dated == planned.annual.dated
    assert isinstance(real.annual, Annualised)
    assert planned.annual.simple <= planned.annual.effective
    assert sum(one.amount for one in planned.items) == planned.total_interest + planned.total_fees


def test_the_content_is_plain_json_of_a_version() -> None:
    breach = ContingentCost(item="PREPAYMENT_FEE", payee="FUNDER", basis="PREPAID_PRINCIPAL", rate=Decimal("0.04"))
    made = content(_made(replace(TERMS, fees=(GUARANTEE,)), contingent=(breach,)))
    assert json.loads(json.dumps(made)) == made
    assert made["version"] == VERSION
    assert made["statement"] == NOTHING_ELSE
    assert made["contingent"] == [
        {
            "item": "PENALTY_INTEREST",
            "payee": "FUNDER",
            "basis": "OVERDUE_PRINCIPAL",
            "rate_annual": "0.18",
            "rate": None,
            "amount": None,
        },
        {
            "item": "PREPAYMENT_FEE",
            "payee": "FUNDER",
            "basis": "PREPAID_PRINCIPAL",
            "rate_annual": None,
            "rate": "0.04",
            "amount": None,
        },
    ]


def test_the_sheet_says_everything_in_two_languages() -> None:
    late = ContingentCost(item="LATE_CHARGE", payee="FUNDER", basis="AMOUNT", amount=50_00)
    early = ContingentCost(item="PREPAYMENT_FEE", payee="FUNDER", basis="PREPAID_PRINCIPAL", rate=Decimal("0.04"))
    made = _made(replace(TERMS, fees=(GUARANTEE,)), contingent=(early, late))
    zh, en = dict(sheet(made, "zh-CN", names={"FUNDER": "某某银行"})), dict(sheet(made, "en"))
    assert zh == {
        "贷款本金": "10000.00 CNY",
        "实际到手金额": "10000.00 CNY",
        "还款方式": "等额本息",
        "期数": "12",
        "利息": "按期收取; 年化 12.00%; 661.86 CNY; 收取主体: 某某银行",
        "担保费": "按期收取; 年化 12.20%; 685.32 CNY; 收取主体: 担保方",
        "正常履约还款总额": "11347.18 CNY",
        "年化综合融资成本 (单利)": "24.00%",
        "年化综合融资成本 (复利)": "26.82%",
        "年化综合融资成本 (按实际天数)": zh["年化综合融资成本 (按实际天数)"],
        "逾期罚息": "仅在违约或借款人选择时收取; 逾期本金 年化 18.00%; 收取主体: 某某银行",
        "提前还款违约金": "仅在违约或借款人选择时收取; 提前归还本金 4.00%; 收取主体: 某某银行",
        "滞纳金": "仅在违约或借款人选择时收取; 50.00 CNY; 收取主体: 某某银行",
        "声明": "除本表所列息费外, 不再收取任何其他费用。",
    }
    assert len(en) == len(zh)
    assert en["guarantee fee"] == "with each instalment; 12.20% a year; 685.32 CNY; taken by: the guarantor"
    assert en["penalty interest"] == (
        "only on a breach or a choice of the borrower; 18.00% a year of overdue principal; taken by: the lender"
    )
    assert all(one.isascii() for pair in en.items() for one in pair)


@pytest.mark.parametrize("method", Method)
def test_every_method_is_called_by_name(method: Method) -> None:
    made = replace(_made(TERMS), method=method)
    assert dict(sheet(made, "zh-CN"))["还款方式"] != method
    assert dict(sheet(made, "en"))["repayment method"] != method


@pytest.mark.parametrize("standards", [{}, {"rate": Decimal(1), "amount": 1}])
def test_a_contingent_cost_has_one_standard(standards: dict[str, Decimal | int]) -> None:
    with pytest.raises(AssertionError, match="one standard"):
        ContingentCost(item="X", payee="FUNDER", basis="AMOUNT", **standards)  # type: ignore[arg-type]
