# ruff: noqa: ANN401 - input and answers are JSON
"""Changes of loans through the schema: each by its name, who may order it, two people, replays, keys and refusals."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from graphql_api.auth import Role, Viewer
from graphql_api.relay import global_id
from graphql_api.servicing_changes import DOORS
from graphql_api.servicing_inputs import LoanChange
from tests.domain.origination.world import TODAY

if TYPE_CHECKING:
    from tests.graphql_api.asking import Asking

DAY: Final = TODAY.isoformat()
DONE: Final = """... on ChangeLoanResult { isReplay settles entryIds
    fact { no kind valueOn bookedOn amount { amount } isReversed actor approver }
    transactions { kind amount { amount } split { fee { amount } total { amount } } }
    loan { position { status payoff { fee { amount } } } } }
  ... on Invalid { faults { code field } }"""
ASKED: Final = (
    "... on ProposeLoanChangeResult { isReplay proposal { id kind state maker checker details { name value } } }"
)


def money(yuan: str, currency: str = "CNY") -> dict[str, str]:
    return {"amount": yuan, "currency": currency}


def loan(asking: Asking) -> str:
    return global_id("ln", asking.disbursed())


def change(
    asking: Asking,
    loan_id: str,
    name: str,
    said: dict[str, Any],
    *,
    key: str = "change-1",
    by: Role | Viewer = Role.OPERATIONS,
    on: str = DAY,
    locale: str = "en",
) -> dict[str, Any]:
    given = {"idempotencyKey": key, "loanId": loan_id, "valueOn": on, "change": {name: said}}
    return asking.do("changeLoan", given, f"{DONE} {ASKED}", by=by, locale=locale)


def charge(asking: Asking, loan_id: str, yuan: str = "50.00", **more: Any) -> dict[str, Any]:
    return change(asking, loan_id, "charge", {"name": "LETTER", "amount": money(yuan)}, **more)


def answer(
    asking: Asking, verb: str, proposal: str, *, by: str = "li", key: str = "answer-1", role: Role = Role.ACCOUNTANT
) -> dict[str, Any]:
    given = {"idempotencyKey": key, "proposalId": proposal}
    said = given if verb == "approve" else {**given, "note": "not ours"}
    done = DONE if verb == "approve" else "... on RejectLoanChangeResult { isReplay proposal { state checker note } }"
    return asking.do(f"{verb}LoanChange", said, done, by=Viewer(subject=by, role=role))


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(one.title() for one in rest)


def test_every_field_of_the_input_has_its_door_and_says_its_name_in_both_languages() -> None:
    fields = LoanChange.__dataclass_fields__
    assert set(fields) == set(DOORS)
    for one in LoanChange.__strawberry_definition__.fields:  # type: ignore[attr-defined]  # the library's own name
        chinese, _, english = (one.description or "").partition(": ")
        assert any("一" <= letter <= "鿿" for letter in chinese), one.python_name
        assert english, one.python_name


def test_a_charge_is_booked_once_and_a_key_is_for_one_change(asking: Asking) -> None:
    one = loan(asking)
    first = charge(asking, one)
    assert first["__typename"] == "ChangeLoanResult", first
    assert (first["isReplay"], first["fact"]["no"], first["fact"]["kind"]) == (False, 2, "Levy")
    assert (first["fact"]["actor"], first["fact"]["approver"]) == ("a-operations", None)
    assert first["loan"]["position"]["payoff"]["fee"]["amount"] == "50.00"
    assert len(first["entryIds"]) == 1
    assert charge(asking, one) == {**first, "isReplay": True}
    for locale, sentence in (("en", "already used for a request with other content"), ("zh-CN", "不同内容的请求")):
        other = charge(asking, one, "51.00", locale=locale)
        assert (other["__typename"], other["code"]) == ("KeyReused", "IDEMPOTENT_CONFLICT")
        assert sentence in other["message"]
    (entry,) = asking.ask(
        "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Entry { kind actor } } }",
        by=Role.ACCOUNTANT,
        ids=first["entryIds"],
    )["nodes"]
    assert entry["actor"] == "a-operations"


LATER, BEFORE = (TODAY + timedelta(days=1)).isoformat(), (TODAY - timedelta(days=9)).isoformat()


REFUSED: Final[tuple[tuple[str, dict[str, Any], str, str | None], ...]] = (
    ("charge", {"name": "X", "amount": money("0.00")}, "AmountNotPositive", "change.amount"),
    ("charge", {"name": "X", "amount": money("1.00", "USD")}, "CurrencyDiffers", "change.amount"),
    ("charge", {"name": "X", "rate": "11"}, "RateInvalid", "change.rate"),
    ("reverse", {"factNo": 9}, "FactUnknown", "change.of"),
    ("chargeback", {"paymentNo": 1, "amount": money("1.00")}, "FactUnknown", "change.of"),
    ("recover", {"amount": money("1.00")}, "NotWrittenOff", None),
    ("refundOverpayment", {"amount": money("1.00")}, "AmountAboveOpen", "change.amount"),
    ("waive", {"component": "FEE"}, "AmountAboveOpen", "change.amount"),
    ("cancel", {"reason": "CHANGED_MIND"}, "CoolingOffOver", None),
    ("compensate", {}, "NothingOverdue", None),
    ("reAmortise", {"reason": "late"}, "NothingOverdue", None),
    ("reAge", {"firstOn": DAY, "count": 0}, "CountInvalid", "change.count"),
    ("extend", {"fromDueOn": "2099-01-01", "extraInstalments": 2}, "InstalmentUnknown", "change.fromDueOn"),
    ("changeRate", {"rateAnnual": "11"}, "RateInvalid", "change.rateAnnual"),
    ("pauseInterest", {"toOn": DAY}, "DateNotLater", "change.toOn"),
)
"""Change, what it says, the refusal, the field that it names."""


def test_a_change_is_refused_by_name(asking: Asking) -> None:
    one = loan(asking)
    for name, said, kind, field in REFUSED:
        told = [change(asking, one, name, said, locale=locale) for locale in ("en", "zh-CN")]
        assert [(each["__typename"], each.get("field")) for each in told] == [(kind, field)] * 2, told
        assert told[0]["message"] != told[1]["message"]


def test_the_envelope_is_refused_by_name_too(asking: Asking) -> None:
    one = loan(asking)
    assert charge(asking, one, on=LATER)["__typename"] == "FactInFuture"
    assert charge(asking, one, on=BEFORE)["__typename"] == "FactBeforeStart"
    for nothing in (global_id("ln", 10**9), "nonsense"):
        assert charge(asking, nothing)["__typename"] == "LoanUnknown"
    both = {"charge": {"name": "X", "amount": money("1.00")}, "reverse": {"factNo": 1}}
    document = "mutation M($input: ChangeLoanInput!) { changeLoan(input: $input) { __typename } }"
    given = {"idempotencyKey": "one-of", "loanId": one, "valueOn": DAY}
    for several in (both, {}, {"charge": None}):
        assert asking.faults(document, by=Role.OPERATIONS, input={**given, "change": several}) == ["BAD_USER_INPUT"]
    twice = {"name": "X", "amount": money("1.00"), "rate": "0.1"}
    assert asking.faults(document, by=Role.OPERATIONS, input={**given, "change": {"charge": twice}}) == [
        "INPUT_INVALID"
    ]


def test_each_change_is_for_those_who_may_order_it(asking: Asking) -> None:
    said: dict[str, dict[str, Any]] = {
        "charge": {"name": "X", "amount": money("1.00")}, "waive": {"component": "FEE"},
        "credit": {"kind": "GOODWILL_CREDIT", "amount": money("1.00")}, "refund_overpayment": {"amount": money("1.00")},
        "chargeback": {"paymentNo": 9, "amount": money("1.00")}, "reverse": {"factNo": 9},
        "change_rate": {"rateAnnual": "0.1"}, "pause_interest": {"toOn": LATER},
        "defer": {"fromDueOn": DAY, "toDueOn": LATER}, "extend": {"fromDueOn": DAY, "extraInstalments": 1},
        "restructure": {"fromDueOn": DAY, "rateAnnual": "0.1"}, "re_age": {"firstOn": LATER, "count": 3},
        "re_amortise": {"reason": "x"}, "accelerate": {"reason": "x"}, "charge_off": {"reason": "x"},
        "write_off": {"reason": "x"}, "recover": {"amount": money("1.00")}, "compensate": {}, "repurchase": {},
        "cancel": {"reason": "x"}, "undo_disbursement": {"factNo": 9},
    }  # fmt: skip
    document = "mutation M($input: ChangeLoanInput!) { changeLoan(input: $input) { __typename } }"
    assert set(said) == set(DOORS)
    for name, door in DOORS.items():
        given = {"idempotencyKey": "who", "loanId": "nonsense", "valueOn": DAY, "change": {camel(name): said[name]}}
        for role in Role:
            faults = asking.faults(document, by=role, input=given)
            assert (faults == ["FORBIDDEN"]) is (role not in door.audience), (name, role)
        assert asking.faults(document, by=None, input=given) == ["UNAUTHENTICATED"]


def test_what_gives_money_away_is_done_by_two_people(asking: Asking) -> None:
    one = loan(asking)
    charge(asking, one)
    waive = {"component": "FEE", "amount": money("20.00")}
    asked = change(asking, one, "waive", waive, key="waive-1")
    assert asked["__typename"] == "ProposeLoanChangeResult", asked
    wish = asked["proposal"]
    assert (asked["isReplay"], wish["kind"], wish["state"], wish["maker"]) == (False, "Waive", "OPEN", "a-operations")
    assert {"name": "amount", "value": "2000"} in wish["details"]
    assert change(asking, one, "waive", waive, key="waive-1") == {**asked, "isReplay": True}
    assert change(asking, one, "waive", {"component": "FEE"}, key="waive-1")["__typename"] == "KeyReused"
    due = "query($id: ID!) { loan(id: $id) { position { payoff { fee { amount } } } } }"
    assert asking.ask(due, id=one)["loan"]["position"]["payoff"]["fee"]["amount"] == "50.00"

    own = answer(asking, "approve", wish["id"], by="a-operations", role=Role.OPERATIONS)
    assert (own["__typename"], own["code"]) == ("ApproverIsActor", "APPROVER_IS_ACTOR")
    done = answer(asking, "approve", wish["id"])
    assert done["__typename"] == "ChangeLoanResult", done
    assert (done["fact"]["actor"], done["fact"]["approver"]) == ("a-operations", "li")
    assert done["loan"]["position"]["payoff"]["fee"]["amount"] == "30.00"
    assert answer(asking, "approve", wish["id"]) == {**done, "isReplay": True}
    assert answer(asking, "approve", wish["id"], by="zhao")["__typename"] == "ProposalAnswered"
    assert answer(asking, "reject", wish["id"], by="zhao")["__typename"] == "ProposalAnswered"
    for nothing in (global_id("lc", 10**9), "nonsense"):
        assert answer(asking, "approve", nothing)["__typename"] == "NotFound"
        assert answer(asking, "reject", nothing)["__typename"] == "NotFound"


def test_what_another_rejects_is_not_done(asking: Asking) -> None:
    one = loan(asking)
    wish = change(asking, one, "chargeOff", {"reason": "no contact"})["proposal"]["id"]
    said = answer(asking, "reject", wish)
    assert said["proposal"] == {"state": "REJECTED", "checker": "li", "note": "not ours"}
    assert said["isReplay"] is False
    assert answer(asking, "reject", wish) == {**said, "isReplay": True}
    assert answer(asking, "approve", wish, by="zhao", key="answer-2")["__typename"] == "ProposalAnswered"


def test_proposals_are_a_list_with_pages(asking: Asking) -> None:
    one = loan(asking)
    made = [
        change(asking, one, "changeRate", {"rateAnnual": f"0.1{n}"}, key=f"rate-{n}")["proposal"]["id"]
        for n in range(4)
    ]
    answer(asking, "reject", made[0])
    asked = """query($after: String, $isOpen: Boolean) { loanChangeProposals(first: 2, after: $after, isOpen: $isOpen) {
        nodes { id state loan { id } } pageInfo { hasNextPage endCursor } } }"""
    first = asking.ask(asked)["loanChangeProposals"]
    assert [each["id"] for each in first["nodes"]] == made[:2]
    rest = asking.ask(asked, after=first["pageInfo"]["endCursor"])["loanChangeProposals"]
    assert [each["id"] for each in rest["nodes"]] == made[2:]
    assert rest["pageInfo"]["hasNextPage"] is False
    assert {each["loan"]["id"] for each in rest["nodes"]} == {one}
    (answered,) = asking.ask(asked, isOpen=False)["loanChangeProposals"]["nodes"]
    assert answered == {"id": made[0], "state": "REJECTED", "loan": {"id": one}}
    with asking.counted() as statements:
        asking.ask(asked, isOpen=True)
    assert len(statements) == 3, "the snapshot, the proposals, and their loans at once"
    found = asking.ask("query($id: ID!) { node(id: $id) { ... on LoanChangeProposal { state } } }", id=made[1])
    assert found["node"]["state"] == "OPEN"
    assert asking.faults(asked, by=Role.PARTNER) == ["FORBIDDEN"]


def test_a_whole_life_through_the_doors(asking: Asking) -> None:
    """Charged, credited, reversed, extended, accelerated, charged off, written off, recovered: each by its name."""
    one = loan(asking)
    asked = "query($id: ID!) { loan(id: $id) { schedule { dueOn } position { status } } }"
    first_due = asking.ask(asked, id=one)["loan"]["schedule"][0]["dueOn"]

    def done(name: str, said: dict[str, Any]) -> dict[str, Any]:
        found = change(asking, one, name, said, key=f"life-{name}")
        if found["__typename"] == "ProposeLoanChangeResult":
            found = answer(asking, "approve", found["proposal"]["id"], key=f"yes-{name}")
        assert found["__typename"] == "ChangeLoanResult", (name, found)
        return found

    charged = done("charge", {"name": "LETTER", "amount": money("30.00")})
    done("credit", {"kind": "GOODWILL_CREDIT", "amount": money("10.00")})
    done("reverse", {"factNo": charged["fact"]["no"]})
    done("extend", {"fromDueOn": first_due, "extraInstalments": 2})
    assert len(asking.ask(asked, id=one)["loan"]["schedule"]) == 8
    done("restructure", {"fromDueOn": first_due, "rateAnnual": "0.1"})
    done("accelerate", {"reason": "broken promises"})
    done("chargeOff", {"reason": "no contact"})
    assert asking.ask(asked, id=one)["loan"]["position"]["status"] == "CHARGED_OFF"
    done("writeOff", {"reason": "no assets"})
    late = change(asking, one, "accelerate", {"reason": "again"}, key="too-late")
    assert late["__typename"] == "LoanEnded"
    done("recover", {"amount": money("100.00")})
    told = asking.ask(asked, id=one)["loan"]["position"]
    assert told["status"] == "WRITTEN_OFF"


def test_money_that_came_back_from_the_bank_undoes_the_disbursement(asking: Asking) -> None:
    one = loan(asking)
    found = change(asking, one, "undoDisbursement", {"factNo": 1})
    assert found["__typename"] == "ChangeLoanResult", found
    assert found["loan"]["position"]["status"] == "PENDING"
    again = change(asking, one, "undoDisbursement", {"factNo": 1}, key="again")
    assert again["__typename"] == "FactReversed"


def test_the_reference_names_every_change_with_those_who_may_order_it() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "changes.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| ([a-z_, ]+) \| [^|]+ \|$", page, re.MULTILINE))
    assert rows == {camel(name): ", ".join(sorted(door.audience)) for name, door in DOORS.items()}
