"""The books as they are told: debit and credit are words, pairs of columns are equal, pages belong together."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest

from graphql_api.auth import Role
from graphql_api.relay import global_id
from seed.chart import LENDER_BOOK, PLATFORM_BOOK
from tests.domain.origination.world import TODAY
from tests.graphql_api.lived import LATE

if TYPE_CHECKING:
    from tests.graphql_api.lived import Lived

COLUMNS: Final = ("openingDebit", "openingCredit", "debit", "credit", "closingDebit", "closingCredit")
FIGURES: Final = " ".join(f"{column} {{ amount }}" for column in COLUMNS)
ENTRIES: Final = """query($id: ID!) { loan(id: $id) { entries(first: 100) { nodes { id book number seq eventId source
    key kind effectiveOn economicOn paidOn actor isRed reverses reversedBy lines { account side amount { amount }
    dimensions { subject party scheme funder channel } } } } } }"""


def ask(lived: Lived, document: str, **given: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return lived.asking.ask(document, by=Role.ACCOUNTANT, **given)


def yuan(money: dict[str, str]) -> Decimal:
    return Decimal(money["amount"])


@pytest.mark.parametrize("book", [LENDER_BOOK, PLATFORM_BOOK])
@pytest.mark.parametrize("by", [None, ["PARTY"], ["SCHEME", "CHANNEL"]])
def test_every_pair_of_columns_is_equal_and_rows_sum_to_the_last(lived: Lived, book: int, by: list[str] | None) -> None:
    document = f"""query($book: Int!, $split: [Dimension!], $from: Date, $to: Date) {{
        trialBalance(book: $book, by: $split, fromOn: $from, toOn: $to) {{ book currency fromOn toOn balanced
        total {{ {FIGURES} }} rows {{ level account {{ code parent postable }} dimensions {{ dimension value }}
        turnover {{ {FIGURES} }} }} }} }}"""
    given = {"from": TODAY.isoformat(), "to": LATE.isoformat()}
    found = ask(lived, document, book=book, split=by, **given)["trialBalance"]
    assert (found["book"], found["currency"], found["fromOn"], found["balanced"]) == (book, "CNY", given["from"], True)
    total = found["total"]
    assert [yuan(total[one]) for one in COLUMNS[::2]] == [yuan(total[one]) for one in COLUMNS[1::2]]
    assert yuan(total["debit"]) > 0
    codes = [row["account"]["code"] for row in found["rows"]]
    assert codes == sorted(codes)
    for row in found["rows"]:
        assert [one["dimension"] for one in row["dimensions"]] == (by or [])
        figures = {column: yuan(row["turnover"][column]) for column in COLUMNS}
        assert min(figures["closingDebit"], figures["closingCredit"]) == 0, "a balance stands on one side"
        signed = [figures[one] - figures[other] for one, other in zip(COLUMNS[::2], COLUMNS[1::2], strict=True)]
        assert signed[0] + signed[1] == signed[2]
    for column in ("debit", "credit"):
        assert sum(yuan(row["turnover"][column]) for row in found["rows"]) == yuan(total[column])


def test_an_entry_tells_who_what_and_why_and_balances(lived: Lived) -> None:
    entries = ask(lived, ENTRIES, id=lived.loans[2])["loan"]["entries"]["nodes"]
    assert [int(one["number"]) for one in entries] == sorted(int(one["number"]) for one in entries)
    node = "query($id: ID!) { node(id: $id) { ... on Entry { number } } entry(id: $id) { number } }"
    for one in entries:
        sums = {"DEBIT": Decimal(0), "CREDIT": Decimal(0)}
        for line in one["lines"]:
            sums[line["side"]] += yuan(line["amount"])
        assert sums["DEBIT"] == sums["CREDIT"] > 0
        assert (one["book"], one["source"]) == (LENDER_BOOK, "servicing")
        assert int(one["seq"]) > 0
    assert ask(lived, node, id=one["id"]) == {"node": {"number": one["number"]}, "entry": {"number": one["number"]}}


def test_a_reversal_and_what_it_reverses_name_each_other(lived: Lived) -> None:
    entries = {one["id"]: one for one in ask(lived, ENTRIES, id=lived.loans[2])["loan"]["entries"]["nodes"]}
    (undo,) = [one for one in entries.values() if one["reverses"] is not None]
    undone = entries[undo["reverses"]]
    assert undone["reversedBy"] == undo["id"]
    opposite = {"DEBIT": "CREDIT", "CREDIT": "DEBIT"}
    flipped = [(line["account"], opposite[line["side"]], line["amount"]) for line in undone["lines"]]
    assert [(line["account"], line["side"], line["amount"]) for line in undo["lines"]] == flipped
    assert [one["reverses"] or one["reversedBy"] for one in entries.values()].count(None) == len(entries) - 2


def test_entries_of_one_event_are_found_together(lived: Lived) -> None:
    entries = ask(lived, ENTRIES, id=lived.loans[0])["loan"]["entries"]["nodes"]
    event = next(one["eventId"] for one in entries if one["eventId"] is not None)
    document = "query($id: ID!) { eventEntries(eventId: $id) { id eventId } }"
    found = ask(lived, document, id=event)["eventEntries"]
    assert {one["eventId"] for one in found} == {event}
    assert {one["id"] for one in entries if one["eventId"] == event} <= {one["id"] for one in found}
    assert ask(lived, document, id="00000000-0000-0000-0000-000000000000")["eventEntries"] == []
    assert lived.asking.faults(document, by=Role.ACCOUNTANT, id="no uuid") == ["NOT_FOUND"]


def test_the_chart_is_a_tree_in_two_languages(lived: Lived) -> None:
    document = "{ accounts(book: 1) { code nameZh nameEn accountClass currency normalSide postable parent } }"
    accounts = {one["code"]: one for one in ask(lived, document)["accounts"]}
    assert list(accounts) == sorted(accounts)
    for code, one in accounts.items():
        assert one["parent"] is None or (one["parent"] in accounts and not accounts[one["parent"]]["postable"])
        assert one["parent"] == (code.rpartition(".")[0] or None)
        assert not one["nameZh"].isascii()
        assert one["nameEn"].isascii()
        assert one["normalSide"] in {"DEBIT", "CREDIT"}


def test_the_books_tell_their_months(lived: Lived) -> None:
    found = ask(lived, "{ books { number code legalEntity currency reversalStyle periods { month state closedSeq } } }")
    assert [one["number"] for one in found["books"]] == [LENDER_BOOK, PLATFORM_BOOK]
    for one in found["books"]:
        months = [period["month"] for period in one["periods"]]
        assert months == sorted(months)
        assert {(period["state"], period["closedSeq"]) for period in one["periods"]} == {("OPEN", None)}


STATEMENT: Final = """query($first: Int, $after: String, $seq: BigInt) { accountStatement(book: 1, account: "1303.01",
    first: $first, after: $after, asOfSeq: $seq) { book asOfSeq account { code } openingBalance { amount }
    closingBalance { amount } lines { nodes { number lineNo side amount { amount } balance { amount } }
    pageInfo { endCursor hasNextPage } } } }"""


def test_a_statement_runs_from_opening_to_closing_over_its_pages(lived: Lived) -> None:
    whole = ask(lived, STATEMENT, first=100)["accountStatement"]
    running = yuan(whole["openingBalance"])
    for line in whole["lines"]["nodes"]:
        running += yuan(line["amount"]) * (1 if line["side"] == "DEBIT" else -1)
        assert yuan(line["balance"]) == running
    assert running == yuan(whole["closingBalance"])
    met, after = [], None
    while True:
        page = ask(lived, STATEMENT, first=2, after=after)["accountStatement"]
        assert {**page, "lines": None} == {**whole, "lines": None}, "each page knows the whole"
        met += page["lines"]["nodes"]
        after = page["lines"]["pageInfo"]["endCursor"]
        if not page["lines"]["pageInfo"]["hasNextPage"]:
            break
    assert met == whole["lines"]["nodes"]
    early = ask(lived, STATEMENT, first=100, seq="1")["accountStatement"]
    assert (early["asOfSeq"], len(early["lines"]["nodes"])) == ("1", min(1, len(early["lines"]["nodes"])))


@pytest.mark.parametrize(
    ("selection", "code"),
    [
        ('accountBalance(book: 9, account: "1303.01") { book }', "NOT_FOUND"),
        ('accountBalance(book: 1, account: "none") { book }', "NOT_FOUND"),
        ('accountStatement(book: 9, account: "1303.01") { book }', "NOT_FOUND"),
        ('accountStatement(book: 1, account: "none") { book }', "NOT_FOUND"),
        ('accountStatement(book: 1, account: "1303.01", first: 0) { book }', "INVALID_PAGE"),
        ("trialBalance(book: 9) { book }", "NOT_FOUND"),
        ("accounts(book: 9) { code }", "NOT_FOUND"),
        ("clearingAccounts(book: 9) { account { code } }", "NOT_FOUND"),
        ("checkpoints(book: 9) { nodes { size } }", "NOT_FOUND"),
        ('entry(id: "en_nonsense") { id }', "NOT_FOUND"),
        (f'entry(id: "{global_id("en", 1, 10**9)}") {{ id }}', "NOT_FOUND"),
        (f'entry(id: "{global_id("en", 1)}") {{ id }}', "NOT_FOUND"),
    ],
)
def test_what_is_not_in_the_books_is_not_found(lived: Lived, selection: str, code: str) -> None:
    assert lived.asking.faults(f"{{ {selection} }}", by=Role.ACCOUNTANT) == [code]


def test_a_balance_is_that_of_now_or_of_a_day_or_of_a_length_of_the_log(lived: Lived) -> None:
    document = """query($on: Date, $seq: BigInt) {
        accountBalance(book: 1, account: "1303.01", on: $on, asOfSeq: $seq) { account balance { amount } } }"""

    def balance(**given: str) -> Decimal:
        return yuan(ask(lived, document, **given)["accountBalance"]["balance"])

    assert balance(on="2025-01-05") == balance(seq="0") == 0
    assert balance(on=LATE.isoformat()) == balance() > 0
