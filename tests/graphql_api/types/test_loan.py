"""A loan as it is told: every figure agrees with every other, whichever way it is asked for."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest

from graphql_api.auth import Role
from graphql_api.relay import global_id, numbers
from tests.domain.origination.world import TODAY
from tests.graphql_api.lived import LATE

if TYPE_CHECKING:
    from tests.graphql_api.lived import Lived

SPLIT: Final = "{ penalty { amount } interest { amount } principal { amount } total { amount } }"
WHOLE: Final = f"""query($id: ID!, $on: Date) {{ loan(id: $id) {{
    id principal {{ amount }} interestRateAnnual penaltyRateAnnual termMonths startOn method dayCount graceDays
    serviceFee {{ amount }}
    product {{ code version nameZh nameEn currency amountMin {{ amount }} amountMax {{ amount }} termsMonths }}
    position(on: $on) {{ on status daysPastDue nextDueOn outstanding {{ amount }} interestAccrued {{ amount }}
        overpayment {{ amount }} due {SPLIT} overdue {SPLIT} nextDue {SPLIT} payoff {SPLIT} }}
    schedule(on: $on) {{ no fromOn dueOn isPaid principal {{ amount }} interest {{ amount }} total {{ amount }}
        principalPaid {{ amount }} interestPaid {{ amount }} penaltyAccrued {{ amount }} penaltyPaid {{ amount }} }}
    repayments {{ nodes {{ id source intent paidOn reversedOn amount {{ amount }} excess {{ amount }}
        allocation {SPLIT} loan {{ id }} }} }}
    events {{ nodes {{ kind happenedOn }} }}
    statement(until: $on) {{ book balances {{ book account balance {{ amount }} }} lines(first: 100) {{ nodes {{
        number lineNo account side amount {{ amount }} balance {{ amount }} effectiveOn }} }} }} }} }}"""


def told(lived: Lived, loan: int = 1, **variables: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    found: dict[str, Any] = lived.asking.ask(WHOLE, id=lived.loans[loan], **variables)["loan"]
    return found


def yuan(money: dict[str, str]) -> Decimal:
    return Decimal(money["amount"])


def whole(split: dict[str, dict[str, str]]) -> Decimal:
    assert yuan(split["total"]) == sum(yuan(split[part]) for part in ("penalty", "interest", "principal"))
    return yuan(split["total"])


def test_the_contract_is_that_of_its_product(lived: Lived) -> None:
    found = told(lived)
    product = found["product"]
    assert (found["principal"], found["termMonths"], found["startOn"]) == ({"amount": "3000.00"}, 6, TODAY.isoformat())
    assert found["termMonths"] in product["termsMonths"]
    assert yuan(product["amountMin"]) <= yuan(found["principal"]) <= yuan(product["amountMax"])
    assert 0 < Decimal(found["interestRateAnnual"]) < Decimal(found["penaltyRateAnnual"]) < 1
    assert found["id"] == lived.loans[1]


@pytest.mark.parametrize("on", [TODAY, LATE])
def test_the_position_is_the_sum_of_the_schedule(lived: Lived, on: Any) -> None:  # noqa: ANN401 - a day
    found = told(lived, on=on.isoformat())
    position, schedule = found["position"], found["schedule"]
    assert (position["on"], [one["no"] for one in schedule]) == (on.isoformat(), [1, 2, 3, 4, 5, 6])
    assert sum(yuan(one["principal"]) for one in schedule) == yuan(found["principal"])
    for one in schedule:
        assert yuan(one["total"]) == yuan(one["principal"]) + yuan(one["interest"])
        assert one["isPaid"] is (yuan(one["principalPaid"]) + yuan(one["interestPaid"]) == yuan(one["total"]))
    assert [one["fromOn"] for one in schedule[1:]] == [one["dueOn"] for one in schedule[:-1]]
    due = [one for one in schedule if one["dueOn"] < on.isoformat()]
    unpaid = sum(yuan(one["principal"]) - yuan(one["principalPaid"]) for one in due)
    assert yuan(position["due"]["principal"]) == unpaid
    assert whole(position["overdue"]) <= whole(position["due"]) <= whole(position["payoff"])
    assert yuan(position["outstanding"]) == yuan(found["principal"]) - sum(
        yuan(one["principalPaid"]) for one in schedule
    )
    assert yuan(position["payoff"]["principal"]) == yuan(position["outstanding"])


def test_a_day_decides_what_is_told(lived: Lived) -> None:
    young, old = told(lived, on=TODAY.isoformat()), told(lived, on=LATE.isoformat())
    assert (young["position"]["status"], old["position"]["status"]) == ("ACTIVE", "OVERDUE")
    assert young["position"]["daysPastDue"] == 0
    assert whole(young["position"]["due"]) == 0
    assert old["position"]["daysPastDue"] == (LATE - TODAY).days - 31, "counted from the first due date"
    assert whole(old["position"]["overdue"]) > 0
    assert yuan(old["position"]["interestAccrued"]) > yuan(young["position"]["interestAccrued"])
    assert len(old["statement"]["lines"]["nodes"]) > len(young["statement"]["lines"]["nodes"])
    assert young["position"]["nextDueOn"] == young["schedule"][0]["dueOn"]


def test_what_was_paid_met_something_or_is_left_over(lived: Lived) -> None:
    node = "query($id: ID!) { node(id: $id) { ... on Repayment { amount { amount } } } }"
    for loan, sources in ((1, ["CASH", "OVERPAYMENT"]), (2, ["CASH", "CASH", "OVERPAYMENT"])):
        repayments = told(lived, loan)["repayments"]["nodes"]
        assert [one["source"] for one in repayments] == sources
        for one in repayments:
            assert whole(one["allocation"]) + yuan(one["excess"]) == yuan(one["amount"])
            assert one["loan"] == {"id": lived.loans[loan]}
            assert lived.asking.ask(node, id=one["id"])["node"] == {"amount": one["amount"]}
        reversals = [one["reversedOn"] for one in repayments]
        assert reversals == ([None, None] if loan == 1 else [None, TODAY.isoformat(), None])


def test_the_statement_runs_to_its_balances(lived: Lived) -> None:
    statement = told(lived, on=LATE.isoformat())["statement"]
    running: dict[str, Decimal] = {}
    for line in statement["lines"]["nodes"]:
        signed = yuan(line["amount"]) * (1 if line["side"] == "DEBIT" else -1)
        running[line["account"]] = running.get(line["account"], Decimal(0)) + signed
        assert yuan(line["balance"]) == running[line["account"]]
    assert {one["account"]: yuan(one["balance"]) for one in statement["balances"]} == running
    assert {one["book"] for one in statement["balances"]} == {statement["book"]}
    position = told(lived, on=LATE.isoformat())["position"]
    principal = sum(left for account, left in running.items() if account in {"1303.01", "1303.02"})
    assert principal == yuan(position["outstanding"])


LISTS: Final = ("repayments", "events", "entries")


@pytest.mark.parametrize("name", [*LISTS, "statement lines"])
def test_pages_of_a_loan_are_its_own_and_have_bounds(lived: Lived, name: str) -> None:
    count = "" if name == "statement lines" else "totalCount"
    page = f"(first: $first, after: $after) {{ nodes {{ __typename }} pageInfo {{ endCursor hasNextPage }} {count} }}"
    asked = f"statement {{ lines{page} }}" if name == "statement lines" else f"{name}{page}"
    document = f"query($id: ID!, $first: Int, $after: String) {{ loan(id: $id) {{ {asked} }} }}"

    def one(loan: int, **given: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        found = lived.asking.ask(document, id=lived.loans[loan], **given)["loan"]
        listed: dict[str, Any] = found["statement"]["lines"] if "statement" in found else found[name]
        return listed

    everything = one(2, first=100)["nodes"]
    met, after = [], None
    while True:
        listed = one(2, first=1, after=after)
        met += listed["nodes"]
        assert listed.get("totalCount", len(everything)) == len(everything)
        after = listed["pageInfo"]["endCursor"]
        if not listed["pageInfo"]["hasNextPage"]:
            break
    assert len(everything) == len(met) > 1
    assert lived.asking.faults(document, id=lived.loans[0], first=1, after=after) == ["INVALID_CURSOR"]
    assert lived.asking.faults(document, id=lived.loans[2], first=0) == ["INVALID_PAGE"]
    assert lived.asking.faults(document, id=lived.loans[2], first=101) == ["LIMIT_LIST_SIZE"]


def test_every_entry_of_a_loan_is_balanced_and_found_by_its_id(lived: Lived) -> None:
    entries = "entries(first: 50) { nodes { id book lines { side amount { amount } } } }"
    document = f"query($id: ID!) {{ loan(id: $id) {{ {entries} }} }}"
    for entry in lived.asking.ask(document, by=Role.ACCOUNTANT, id=lived.loans[2])["loan"]["entries"]["nodes"]:
        sides = {"DEBIT": Decimal(0), "CREDIT": Decimal(0)}
        for line in entry["lines"]:
            sides[line["side"]] += yuan(line["amount"])
        assert sides["DEBIT"] == sides["CREDIT"] > 0
        assert numbers("en", entry["id"], count=2) is not None


@pytest.mark.parametrize("given", ["nonsense", "ln_", global_id("ap", 1), global_id("ln", 10**9)])
def test_what_is_no_loan_is_not_found(lived: Lived, given: str) -> None:
    assert lived.asking.faults("query($id: ID!) { loan(id: $id) { id } }", id=given) == ["NOT_FOUND"]
