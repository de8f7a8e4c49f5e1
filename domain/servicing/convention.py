"""Named conventions: what a known system does, as values of the same fields that anybody can set by hand.

A convention is data and nothing else: choosing one is the same as writing its fields. `docs/reference/conventions.md`
documents each with a running example.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Convention:
    """A preset: fields of a quote, by their JSON names, and who is known to work so."""

    zh: str
    en: str
    used_by: str
    fields: Mapping[str, str | int | bool]


CONVENTIONS: Final[Mapping[str, Convention]] = MappingProxyType(
    {
        "CN_BANK_30_360": Convention(
            "银行按月计息",
            "Chinese bank, whole months",
            "banks' instalment loans (对年对月对日), annual rate / 12",
            {"dayCount": "30/360", "solving": "MONTH_RATE", "rounding": "HALF_UP"},
        ),
        "CN_ACT_360_SOLVED": Convention(
            "按实际天数计息, 月供求解",
            "actual days over 360, payment solved from them",
            "consumer-finance cores and joint-loan files",
            {"dayCount": "ACT/360", "solving": "PERIOD_RATES", "rounding": "HALF_UP"},
        ),
        "CN_ACT_365_SOLVED": Convention(
            "按实际天数计息 (365), 月供求解",
            "actual days over 365, payment solved from them",
            "lenders that quote a daily rate of annual / 365",
            {"dayCount": "ACT/365F", "solving": "PERIOD_RATES", "rounding": "HALF_UP"},
        ),
        "JOINT_LOAN_HYBRID": Convention(
            "联合贷: 月供按30天, 利息按实际天数",
            "joint loan: payment from 30-day months, interest by actual days",
            "joint-loan files",
            {"dayCount": "ACT/360", "solving": "HYBRID", "rounding": "HALF_UP"},
        ),
        "CN_CALCULATOR": Convention(
            "网上房贷计算器",
            "Chinese mortgage calculators: nothing is rounded but what is shown",
            "loan-calculate-utils and the calculators like it",
            {
                "dayCount": "30/360",
                "solving": "MONTH_RATE",
                "rounding": "HALF_UP",
                "balances": "UNROUNDED",
                "columns": "OWN",
            },
        ),
        "SPREADSHEET": Convention(
            "电子表格",
            "PMT, IPMT and PPMT of spreadsheets and numpy-financial",
            "Excel, LibreOffice, numpy-financial, SAS",
            {
                "dayCount": "30/360",
                "solving": "MONTH_RATE",
                "rounding": "HALF_UP",
                "balances": "UNROUNDED",
                "columns": "OWN",
            },
        ),
        "US_MORTGAGE_30_360": Convention(
            "美国住房按揭",
            "US residential mortgage",
            "CFPB forms, textbooks, calculators",
            {"currency": "USD", "dayCount": "30/360", "solving": "MONTH_RATE", "rounding": "HALF_UP"},
        ),
        "FANNIE_MAE_ACT_360": Convention(
            "房利美多户 实际/360",
            "Fannie Mae multifamily actual/360",
            "Multifamily Selling and Servicing Guide §1103",
            {
                "currency": "USD",
                "dayCount": "ACT/360",
                "solving": "MONTH_RATE",
                "rounding": "HALF_UP",
                "balances": "UNROUNDED",
            },
        ),
        "CANADA_MORTGAGE": Convention(
            "加拿大按揭 (半年复利)",
            "Canadian mortgage, compounded twice a year",
            "Interest Act §6",
            {"currency": "CAD", "dayCount": "30/360", "compoundingPerYear": 2, "rounding": "HALF_UP"},
        ),
        "JAPAN_TRUNCATED": Convention(
            "日本 円未満切捨て",
            "Japanese annuity, fractions of a yen dropped",
            "Japanese calculators",
            {"currency": "JPY", "dayCount": "30/360", "solving": "MONTH_RATE", "rounding": "DOWN"},
        ),
        "FRAPPE_LENDING_EXACT": Convention(
            "印度 Frappe Lending (月供不取整)",
            "Frappe Lending of products that do not round the payment up: it is taken off exact, balances are rounded",
            "frappe/lending without ceil_monthly_repayment",
            {
                "currency": "INR",
                "dayCount": "ACT/365F",
                "solving": "MONTH_RATE",
                "balances": "PAYMENT_EXACT",
                "interestRounding": "HALF_EVEN",
            },
        ),
        "FRAPPE_LENDING": Convention(
            "印度 Frappe Lending",
            "Frappe Lending: payment rounded up to whole units, interest by actual days over 365",
            "frappe/lending",
            {
                "currency": "INR",
                "dayCount": "ACT/365F",
                "solving": "MONTH_RATE",
                "rounding": "CEILING",
                "paymentMultiple": "1.00",
                "interestRounding": "HALF_EVEN",
            },
        ),
        "FINERACT_PROGRESSIVE": Convention(
            "Fineract 渐进式",
            "Fineract's progressive engine",
            "apache/fineract, loan schedule type PROGRESSIVE",
            {
                "dayCount": "MONTHS+SHARE",
                "solving": "PERIOD_RATES",
                "rounding": "HALF_EVEN",
                "principalRounding": "HALF_EVEN",
                "rateDigits": 19,
                "residue": "SMOOTHED",
            },
        ),
        "FINERACT_CUMULATIVE": Convention(
            "Fineract 累积式",
            "Fineract's cumulative engine",
            "apache/fineract, loan schedule type CUMULATIVE",
            {
                "dayCount": "MONTHS+SHARE",
                "solving": "MONTH_RATE",
                "rounding": "HALF_EVEN",
                "principalRounding": "HALF_EVEN",
                "rateDigits": 19,
            },
        ),
        "CN_FLAT": Convention(
            "等本等息 (期费率)",
            "Chinese instalment: equal principal and the same charge each period",
            "card instalments and merchants' instalment plans (期费率)",
            {"method": "EQUAL_INTEREST", "dayCount": "30/360", "rounding": "HALF_UP"},
        ),
        "RULE_OF_78": Convention(
            "78 法则 (预先计算利息)",
            "add-on interest, apportioned by the sum of the digits",
            "American and British instalment credit before 1992 and 2005; textbooks",
            {"method": "ADD_ON", "apportion": "SUM_OF_DIGITS", "dayCount": "30/360", "rounding": "HALF_UP"},
        ),
        "US_COMMERCIAL_ACT_360": Convention(
            "美国商业按揭 实际/360",
            "US commercial mortgage: payment from twelve equal months, interest by actual days over 360",
            "commercial lenders and CMBS",
            {"currency": "USD", "dayCount": "ACT/360", "solving": "MONTH_RATE", "rounding": "HALF_UP"},
        ),
        "CANADA_ACCELERATED_BIWEEKLY": Convention(
            "加拿大加速双周还款",
            "half the monthly payment every two weeks",
            "Canadian banks (RBC and others)",
            {
                "currency": "CAD",
                "dayCount": "30/360",
                "paymentsPerYear": 26,
                "compoundingPerYear": 2,
                "accelerated": True,
                "rounding": "HALF_UP",
            },
        ),
        "GERMAN_ANNUITY": Convention(
            "德国年金贷款 (初始还本率)",
            "Annuitätendarlehen: say initialRepaymentRate, and instalmentsUntilBalloon for a fixed-rate term",
            "German banks",
            {"currency": "EUR", "dayCount": "30/360", "rounding": "HALF_UP"},
        ),
        "ANNUAL_REST": Convention(
            "按年冲减本金",
            "monthly payments that lower the balance that bears interest once a year",
            "British repayment mortgages of old, German nachschüssige Tilgungsverrechnung",
            {"dayCount": "30/360", "solving": "MONTH_RATE", "restEvery": 12, "rounding": "HALF_UP"},
        ),
        "BRAZIL_PRICE": Convention(
            "巴西 Tabela Price",
            "French system: equal payments",
            "Brazilian banks and textbooks (Sistema Francês, Tabela Price)",
            {"currency": "BRL", "dayCount": "30/360", "solving": "MONTH_RATE", "rounding": "HALF_UP"},
        ),
        "BRAZIL_SAC": Convention(
            "巴西 SAC",
            "constant amortisation",
            "Brazilian banks and textbooks (Sistema de Amortização Constante)",
            {
                "currency": "BRL",
                "method": "EQUAL_PRINCIPAL",
                "dayCount": "30/360",
                "rounding": "HALF_UP",
                "principalRounding": "HALF_UP",
            },
        ),
    }
)
"""Every convention by its name."""
