"""Reads: a counted number of statements whatever the number of rows, one snapshot, and nothing of somebody else's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pytest
from sqlalchemy import event

from graphql_api.auth import Role, Viewer
from graphql_api.policy import FIELDS, QUERY
from graphql_api.relay import global_id
from tests.graphql_api.asking import OTHER, schema
from tests.graphql_api.lived import LATE

if TYPE_CHECKING:
    from tests.graphql_api.asking import Asking
    from tests.graphql_api.lived import Lived

READ: Final = schema().schema.query_type
assert READ is not None
ROOT: Final = READ.fields
POSITION = "position { status daysPastDue due { total { amount } } } schedule { no total { amount } }"
LISTS: Final = (
    # a paged field, what is asked of each row, and how many statements that is (the first opens the snapshot)
    ("applications", "id stage channelApplicationNo amount { amount }", 2),
    ("applications", "product { code version }", 3),
    ("applications", "steps { toStage } decisions { outcome reasons { text } }", 5),
    ("applications", "offer { disclosureHash } loan { id principal { amount } }", 4),
    ("loans", "id principal { amount } termMonths", 2),
    ("loans", POSITION, 5),
    ("loans", "product { code }", 3),
    ("loans", "repayments(first: 2) { nodes { id amount { amount } loan { id } } }", 5),
    ("loans", "events(first: 5) { nodes { kind } }", 3),
    ("loans", "statement { balances { account } lines(first: 3) { nodes { kind } } }", 4),
    ("loans", "entries(first: 3) { nodes { id lines { account } } }", 6),
    ("loans", "entries(first: 2) { nodes { proof { leafIndex } } } repayments { nodes { id } }", 9),
    ("reviewQueue", "id stage application { id stage } decisions { finding }", 4),
    ("collectionCases", "id bucket loan { id } history { kind } contacts { outcome }", 5),
    ("paymentOrders", "id state history { state }", 3),
    ("reconciliationRuns", "id discrepancies(first: 2) { nodes { id } }", 3),
    ("discrepancies", "id", 2),
    ("dayRuns", "id state steps { step }", 3),
    ("books", "number periods { month }", 3),
    ("checkpoints(book: 1)", "size", 3),
    ("loanChangeProposals", "id state loan { id }", 2),
)


@pytest.mark.parametrize(("name", "selection", "count"), LISTS, ids=lambda one: str(one)[:30])
def test_a_list_costs_the_same_statements_however_long_it_is(
    lived: Lived, name: str, selection: str, count: int
) -> None:
    role = Role.AUDITOR

    def cost(first: int) -> int:
        if name == "books":
            document = f"{{ books {{ {selection} }} }}"
        else:
            field, _, arguments = name.partition("(")
            arguments = f"({arguments.removesuffix(')')} first: {first})" if arguments else f"(first: {first})"
            document = f"{{ {field}{arguments} {{ nodes {{ {selection} }} }} }}"
        with lived.asking.counted() as sent:
            lived.asking.ask(document, by=role)
        return len(sent)

    assert (cost(1), cost(6)) == (count, count)


FOUND: Final = {
    "application": 2,
    "loan": 2,
    "node": 4,
    "entry": 3,
    "eventEntries": 3,
    "paymentOrder": 2,
    "collectionCase": 2,
    "previewEntry": 2,
    "checkEntry": 2,
    "sharePayment": 4,
    "version": 0,
}
"""Fields that find one thing, and how many statements that takes."""
PREVIEW: Final = """(input: {productCode: "XF-DEBX", event: DISBURSEMENT_INSTRUCTED, effectiveOn: "2025-01-06",
    amounts: [{component: "principal", amount: {amount: "1.00", currency: "CNY"}}]})"""
CHECK: Final = """(input: {reference: "r", book: 1, effectiveOn: "2025-01-06", description: "d", lines: [
    {account: "1002.01", side: DEBIT, amount: {amount: "1.00", currency: "CNY"}},
    {account: "1002.02", side: CREDIT, amount: {amount: "1.00", currency: "CNY"}}]})"""
PAYMENT: Final = 'amount: {amount: "1.00", currency: "CNY"}, paidOn: "2025-03-01"'
QUOTE: Final = """quote(input: {principal: "1200.00", rateAnnual: "0.12", instalments: 3, startOn: "2026-01-01"}) {
    ... on QuoteResult { payment { amount } } }"""
SIMULATE: Final = """simulate(scenario: {
    terms: {principal: "1200.00", rateAnnual: "0.12", instalments: 3, startOn: "2026-01-01"},
    steps: [{do: "disburse", amount: "1200.00"}]}) { ... on SimulateResult { steps { status } } }"""
SINGLES: Final = (
    ("viewer { subject }", 0),
    ("businessDate", 2),
    ('accountBalance(book: 1, account: "1002.01") { balance { amount } }', 3),
    ("trialBalance(book: 1) { balanced rows { account { code } } }", 5),
    ("accounts(book: 1) { code }", 3),
    ('accountStatement(book: 1, account: "1002.01", first: 5) { lines { nodes { kind } } }', 7),
    ('balancesDuring(book: 1, account: "1002.01", fromOn: "2025-01-01", toOn: "2025-12-31") { toOn }', 4),
    ("clearingAccounts(book: 1) { oldestUnmatchedOn }", 4),
    ('dayRun(on: "2025-03-01") { state }', 3),
    (QUOTE, 0),
    (SIMULATE, 0),
)


def test_every_field_of_the_root_is_counted() -> None:
    """A new field is put into LISTS or SINGLES, with the statements that it needs."""
    counted = {re.findall("[a-zA-Z]+", one[0])[0] for one in (*LISTS, *SINGLES)} | {"nodes", *FOUND}
    assert counted == set(QUERY)


@pytest.mark.parametrize(("name", "count"), sorted(FOUND.items()))
def test_one_thing_costs_a_known_number_of_statements(lived: Lived, name: str, count: int) -> None:
    order = "{ paymentOrders(first: 1) { nodes { orderNo } } }"
    entries = "query($id: ID!) { loan(id: $id) { entries(first: 1) { nodes { id eventId } } } }"
    entry = lived.asking.ask(entries, id=lived.loans[0])["loan"]["entries"]["nodes"][0]
    given = {
        "application": f'(id: "{lived.applications[0]}")',
        "loan": f'(id: "{lived.loans[0]}")',
        "node": f'(id: "{lived.repayment}")',
        "entry": f'(id: "{entry["id"]}")',
        "eventEntries": f'(eventId: "{entry["eventId"]}")',
        "paymentOrder": f'(orderNo: "{lived.asking.ask(order)["paymentOrders"]["nodes"][0]["orderNo"]}")',
        "collectionCase": f'(id: "{lived.case}")',
        "previewEntry": PREVIEW,
        "checkEntry": CHECK,
        "sharePayment": f'(input: {{loanIds: ["{lived.loans[0]}"], {PAYMENT}}})',
        "version": "",
    }[name]
    by = Role.ACCOUNTANT if name == "checkEntry" else Role.AUDITOR
    with lived.asking.counted() as sent:
        lived.asking.ask(f"{{ {name}{given} {'' if name == 'version' else '{ __typename }'} }}", by=by)
    assert len(sent) == count, "\n".join(sent.texts)


@pytest.mark.parametrize("name", [name for name, one in ROOT.items() if "first" in one.args])
def test_every_list_has_pages_of_one_to_a_hundred_rows(lived: Lived, name: str) -> None:
    needed = {"book": "book: 1", "account": 'account: "1002.01"'}
    for first, code in (
        (0, "INVALID_PAGE"),
        (-1, "INVALID_PAGE"),
        (101, "LIMIT_LIST_SIZE"),
        (10**9, "LIMIT_LIST_SIZE"),
    ):
        given = ", ".join([*(text for arg, text in needed.items() if arg in ROOT[name].args), f"first: {first}"])
        assert lived.asking.faults(f"{{ {name}({given}) {{ __typename }} }}") == [code]
    for after in ("", "x", "YWJj"):
        given = ", ".join([*(text for arg, text in needed.items() if arg in ROOT[name].args), f'after: "{after}"'])
        assert lived.asking.faults(f"{{ {name}({given}) {{ __typename }} }}") == ["INVALID_CURSOR"]


@pytest.mark.parametrize(("selection", "count"), SINGLES, ids=lambda one: str(one)[:20])
def test_a_field_costs_a_known_number_of_statements(lived: Lived, selection: str, count: int) -> None:
    with lived.asking.counted() as sent:
        lived.asking.ask(f"{{ {selection} }}")
    assert len(sent) == count, "\n".join(sent.texts)


def test_many_nodes_are_found_in_as_many_statements_as_kinds(lived: Lived) -> None:
    document = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"

    def cost(each: int) -> int:
        with lived.asking.counted() as sent:
            lived.asking.ask(document, ids=[*lived.loans[:each], *lived.applications[:each]])
        return len(sent)

    assert cost(1) == cost(3) == 3


def test_one_operation_reads_one_snapshot(lived: Lived) -> None:
    """The first field opens the snapshot; what commits before the second one is read is not seen by it."""
    asking = lived.asking
    seen: list[str] = []

    def meddle(_conn: object, _cursor: object, statement: str, *_more: object) -> None:
        if "loan_event" in statement and not seen:
            seen.append(statement)
            given = {
                "idempotencyKey": "meddle",
                "loanId": lived.loans[0],
                "amount": {"amount": "1.00", "currency": "CNY"},
                "paidOn": LATE.isoformat(),
            }
            assert asking.do("repayLoan", given, by=Role.PARTNER)["__typename"] == "RepayLoanResult"

    amounts = "repayments { nodes { amount { amount } } }"
    document = f"query($id: ID!) {{ loan(id: $id) {{ events {{ nodes {{ kind }} }} {amounts} position {{ on }} }} }}"
    before = asking.ask(document, id=lived.loans[0])["loan"]
    event.listen(asking.db.engine, "after_cursor_execute", meddle)
    try:
        during = asking.ask(document, id=lived.loans[0])["loan"]
    finally:
        event.remove(asking.db.engine, "after_cursor_execute", meddle)
    after = asking.ask(document, id=lived.loans[0])["loan"]
    assert seen
    assert during == before
    assert len(after["repayments"]["nodes"]) == len(before["repayments"]["nodes"]) + 1


# ---------------------------------------------------------------- what is not yours does not exist

UNKNOWN: Final = {"ln": global_id("ln", 10**9), "ap": global_id("ap", 10**9), "rp": global_id("rp", 10**9)}
STRANGERS: Final = (
    Viewer(subject="other", role=Role.PARTNER, channel_id=OTHER),
    Viewer(subject="other", role=Role.BORROWER, customer_id=OTHER),
)
COLLECTOR: Final = Viewer(subject="somebody-else", role=Role.COLLECTOR)


def told(asking: Asking, document: str, by: Viewer, **variables: Any) -> tuple[Any, list[tuple[str, str]]]:  # noqa: ANN401 - JSON
    """Data and errors of an answer, as far as a stranger can compare them."""
    found = asking.answer(document, by=by, **variables)
    errors = [(one["extensions"]["code"], one["message"]) for one in found.get("errors", [])]
    return found.get("data"), errors


@pytest.mark.parametrize("by", STRANGERS, ids=lambda one: str(one.role))
def test_what_belongs_to_another_answers_as_what_does_not_exist(lived: Lived, by: Viewer) -> None:
    asking = lived.asking
    theirs = {"ln": lived.loans[0], "ap": lived.applications[0], "rp": lived.repayment}
    for prefix, name in (("ln", "loan"), ("ap", "application"), ("ln", "node"), ("ap", "node"), ("rp", "node")):
        document = f"query($id: ID!) {{ {name}(id: $id) {{ id }} }}"
        strange = told(asking, document, by, id=theirs[prefix])
        assert strange == told(asking, document, by, id=UNKNOWN[prefix])
        assert strange == ({name: None}, [("NOT_FOUND", "no such object")])
    document = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert told(asking, document, by, ids=list(theirs.values())) == told(
        asking, document, by, ids=list(UNKNOWN.values())
    )
    assert asking.ask("{ applications { nodes { id } pageInfo { hasNextPage endCursor } } }", by=by)[
        "applications"
    ] == {
        "nodes": [],
        "pageInfo": {"hasNextPage": False, "endCursor": None},
    }


def test_a_cursor_of_another_viewer_is_no_cursor(lived: Lived) -> None:
    listed = "query($after: String) { applications(first: 1, after: $after) { pageInfo { endCursor } } }"
    mine = lived.asking.ask(listed, by=Role.PARTNER)["applications"]["pageInfo"]["endCursor"]
    for by in STRANGERS:
        assert told(lived.asking, listed, by, after=mine) == told(lived.asking, listed, by, after="bm8gY3Vyc29y")
        assert lived.asking.faults(listed, by=by, after=mine) == ["INVALID_CURSOR"]


def test_commands_on_what_belongs_to_another_answer_as_on_what_does_not_exist(lived: Lived) -> None:
    partner, borrower = STRANGERS
    money = {"amount": "1.00", "currency": "CNY"}
    cases: list[tuple[str, dict[str, Any], str, str, str, Viewer]] = [
        ("repayLoan", {"amount": money, "paidOn": LATE.isoformat()}, "loanId", lived.loans[0], UNKNOWN["ln"], partner),
        ("cancelApplication", {"reasons": ["x"]}, "applicationId", lived.applications[0], UNKNOWN["ap"], partner),
        ("cancelApplication", {"reasons": ["x"]}, "applicationId", lived.applications[0], UNKNOWN["ap"], borrower),
        (
            "acceptOffer",
            {"disclosureHash": "x", "readSeconds": 9},
            "applicationId",
            lived.applications[0],
            UNKNOWN["ap"],
            borrower,
        ),
    ]
    for name, given, key, theirs, unknown, by in cases:
        command = {"idempotencyKey": "stranger", **given}
        found = lived.asking.do(name, {**command, key: theirs}, by=by)
        assert found == lived.asking.do(name, {**command, key: unknown}, by=by)
        assert found["code"] in {"NOT_FOUND", "LOAN_UNKNOWN"}


def test_a_collector_meets_his_own_cases_and_the_loans_in_them(lived: Lived) -> None:
    asking = lived.asking
    unknown = global_id("cs", 10**9)
    for name in ("collectionCase", "node"):
        document = f"query($id: ID!) {{ {name}(id: $id) {{ id }} }}"
        strange = told(asking, document, COLLECTOR, id=lived.case)
        assert strange == told(asking, document, COLLECTOR, id=unknown)
        assert strange[1] == [("NOT_FOUND", "no such object")]
    assert asking.ask("{ collectionCases { nodes { id } } }", by=COLLECTOR)["collectionCases"]["nodes"] == []
    for one in (lived.loans[0], UNKNOWN["ln"], lived.applications[0], lived.repayment):
        found = told(asking, "query($id: ID!) { node(id: $id) { id } }", COLLECTOR, id=one)
        assert found == ({"node": None}, [("NOT_FOUND", "no such object")])


def test_a_borrower_sees_his_own_and_only_that(lived: Lived) -> None:
    him = Viewer(subject="him", role=Role.BORROWER, customer_id=lived.customer_id)
    own = lived.asking.ask("{ applications { nodes { id } } }", by=him)["applications"]["nodes"]
    assert own == [{"id": lived.applications[0]}]
    hidden = "query($id: ID!) { application(id: $id) { id decisions { outcome } steps { toStage } } }"
    found, errors = told(lived.asking, hidden, him, id=lived.applications[0])
    assert {code for code, _ in errors} == {"FORBIDDEN"}
    assert found["application"] is None


@pytest.mark.parametrize(("kind", "name"), sorted(one for one in FIELDS if one[0] != "LoanFact"), ids=str)
def test_a_field_that_fewer_may_ask_for_answers_each_role_as_the_policy_says(
    lived: Lived, kind: str, name: str
) -> None:
    root, identity = {"Loan": ("loan", lived.loans[0]), "Application": ("application", lived.applications[0])}[kind]
    selection = {"entries": "nodes { id }", "serviceFee": "amount"}.get(name, "__typename")
    document = f"query($id: ID!) {{ {root}(id: $id) {{ {name} {{ {selection} }} }} }}"
    reached = QUERY[root] - {Role.BORROWER}  # the borrower of the town is another one
    for role in reached:
        found = lived.asking.faults(document, by=role, id=identity)
        assert found == ([] if role in FIELDS[kind, name] else ["FORBIDDEN"]), role
