"""Entries by hand: what the journal refuses is told by name, a trial leaves nothing, a proof leads to a checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from graphql_api.auth import Role
from graphql_api.relay import global_id, numbers
from ledger import books, merkle, sequencer
from ledger.account import Account, AccountClass, Policy, Side
from ledger.note import Signer, opened, read
from ledger.seal import seal
from seed.chart import LENDER_BOOK
from tests.domain.origination.world import TODAY

if TYPE_CHECKING:
    from tests.graphql_api.asking import Asking

SIGNER = Signer.from_seed("test", b"\x02" * 32)
BALANCES = "resultingBalances { account balance { amount } }"
POSTED = f"entryId isReplay {BALANCES} entry {{ id key lines {{ account side amount {{ amount }} }} }}"
REFUSED = """__typename ... on Refusal { code message field retryable }
    ... on GuardViolated { account subject available } ... on EntryKeyReused { existing }"""


def item(
    reference: str = "item-1", yuan: str = "5.00", *, debit: str = "1002.01", credit: str = "1002.02", **changes: object
) -> dict[str, Any]:
    def line(account: str, side: str) -> dict[str, object]:
        return {"account": account, "side": side, "amount": {"amount": yuan, "currency": "CNY"}}

    return {
        "reference": reference,
        "book": LENDER_BOOK,
        "effectiveOn": TODAY.isoformat(),
        "description": "by hand",
        "lines": [line(debit, "DEBIT"), line(credit, "CREDIT")],
        **changes,
    }


def post(
    asking: Asking, *items: dict[str, Any], key: str = "post-0001", mode: str = "INDEPENDENT", locale: str = "en"
) -> dict[str, Any]:
    document = f"""mutation M($input: PostEntriesInput!) {{ postEntries(input: $input) {{ posted
        verdicts {{ {REFUSED} ... on PostEntryResult {{ {POSTED} }} }} }} }}"""
    given = {"idempotencyKey": key, "mode": mode, "items": list(items)}
    data: dict[str, Any] = asking.ask(document, by=Role.ACCOUNTANT, locale=locale, input=given)["postEntries"]
    return data


def reverse(asking: Asking, entry_id: str, *, key: str = "undo-0001", locale: str = "en") -> dict[str, Any]:
    given = {"idempotencyKey": key, "entryId": entry_id, "effectiveOn": TODAY.isoformat(), "reason": "wrong"}
    selection = f"... on PostEntryResult {{ {POSTED} }} ... on EntryOfModule {{ source }}"
    return asking.do("reverseEntry", given, selection, by=Role.ACCOUNTANT, locale=locale)


def entries(asking: Asking) -> int:
    with asking.db.snapshot() as conn:
        return int(conn.scalar(text("SELECT count(*) FROM ledger.entry")) or 0)


def test_an_entry_is_posted_with_what_it_leaves_and_again_it_is_the_same(asking: Asking) -> None:
    first = post(asking, item(), item("item-2", "7.50"))
    assert first["posted"] is True
    one, two = first["verdicts"]
    left = [
        {"account": "1002.01", "balance": {"amount": "12.50"}},
        {"account": "1002.02", "balance": {"amount": "-12.50"}},
    ]
    assert one["resultingBalances"] == two["resultingBalances"] == left
    assert (one["isReplay"], one["entry"]["id"], one["entry"]["key"]) == (
        False,
        one["entryId"],
        "a-accountant/post/post-0001/item-1",
    )
    again = post(asking, item(), item("item-2", "7.50"))
    assert again["verdicts"] == [{**one, "isReplay": True}, {**two, "isReplay": True}]
    assert entries(asking) == 2


@pytest.mark.parametrize(
    ("locale", "sentence"), [("en", "already that of another entry"), ("zh-CN", "已用于另一笔分录")]
)
def test_a_key_with_another_body_names_the_entry_that_has_it(asking: Asking, locale: str, sentence: str) -> None:
    (first,) = post(asking, item())["verdicts"]
    (other,) = post(asking, item(yuan="6.00"), locale=locale)["verdicts"]
    assert (other["__typename"], other["existing"], other["field"]) == ("EntryKeyReused", first["entryId"], "reference")
    assert sentence in other["message"]
    twice = post(asking, item("same"), item("same", "9.00"), key="post-0002")["verdicts"]
    assert [one["__typename"] for one in twice] == ["PostEntryResult", "KeyReused"]


@pytest.mark.parametrize(("locale", "sentence"), [("en", "only 500 minor units"), ("zh-CN", "可用余额 500 分")])
def test_a_guard_tells_account_subject_and_what_is_available(asking: Asking, locale: str, sentence: str) -> None:
    kept = Account(
        "1002.09", "备用金", AccountClass.ASSET, "CNY", Side.DEBIT, policy=Policy.SUBJECT_NONNEG, parent="1002"
    )
    with asking.db.transaction() as conn:
        books.open_account(conn, LENDER_BOOK, kept)
    post(asking, item(debit="1002.09"))
    (found,) = post(asking, item("item-2", "5.01", debit="1002.01", credit="1002.09"), locale=locale)["verdicts"]
    assert (found["__typename"], found["code"]) == ("GuardViolated", "LEDGER_GUARD_VIOLATED")
    assert (found["account"], found["subject"], found["available"]) == ("1002.09", "0", "500")
    assert sentence in found["message"]
    assert entries(asking) == 1


def test_refusals_of_the_books_by_their_own_code_in_two_languages(asking: Asking) -> None:
    unbalanced = item()
    unbalanced["lines"][0]["amount"]["amount"] = "5.01"
    cases = [
        (unbalanced, "BookRefused", "LEDGER_UNBALANCED"),
        (item(debit="9.99"), "BookRefused", "LEDGER_ACCOUNT_UNKNOWN"),
        (item(debit="1002"), "BookRefused", "LEDGER_ACCOUNT_NOT_LEAF"),
        (item(effectiveOn="2031-01-01"), "BookRefused", "LEDGER_PERIOD_UNKNOWN"),
    ]
    for locale, start in (("en", "the books refuse: "), ("zh-CN", "账务拒绝: ")):
        found = post(asking, *({**one, "reference": f"r-{n}"} for n, (one, _, _) in enumerate(cases)), locale=locale)[
            "verdicts"
        ]
        assert [one["__typename"] for one in found] == [kind for _, kind, _ in cases]
        for one, (_, _, reason) in zip(found, cases, strict=True):
            assert one["message"].startswith(start + reason)
    asking.do("closePeriod", {"idempotencyKey": "m", "book": LENDER_BOOK, "month": 202501}, by=Role.ACCOUNTANT)
    (shut,) = post(asking, item("late"))["verdicts"]
    assert (shut["__typename"], shut["code"]) == ("PeriodClosed", "PERIOD_CLOSED")
    assert entries(asking) == 0


def test_all_stand_or_fall_together_when_that_is_asked(asking: Asking) -> None:
    found = post(asking, item(), item("item-2", debit="9.99"), mode="ATOMIC")
    assert found["posted"] is False
    assert [one["__typename"] for one in found["verdicts"]] == ["EntryTakenBack", "BookRefused"]
    assert entries(asking) == 0
    twice = post(asking, item(), item(), item("item-3", debit="7777"), mode="ATOMIC")
    assert [one["__typename"] for one in twice["verdicts"]] == ["EntryTakenBack", "EntryTakenBack", "BookRefused"]
    assert entries(asking) == 0
    apart = post(asking, item(), item("item-2", debit="9.99"))
    assert [one["__typename"] for one in apart["verdicts"]] == ["PostEntryResult", "BookRefused"]
    assert entries(asking) == 1


def test_an_entry_is_reversed_exactly_once(asking: Asking) -> None:
    (posted,) = post(asking, item())["verdicts"]
    undone = reverse(asking, posted["entryId"])
    assert (undone["__typename"], undone["isReplay"]) == ("PostEntryResult", False)
    assert [(one["account"], one["side"]) for one in undone["entry"]["lines"]] == [
        ("1002.01", "CREDIT"),
        ("1002.02", "DEBIT"),
    ]
    assert {one["balance"]["amount"] for one in undone["resultingBalances"]} == {"0.00"}
    assert reverse(asking, posted["entryId"]) == {**undone, "isReplay": True}
    for locale, sentence in (("en", "this entry has already been reversed"), ("zh-CN", "该分录已冲正")):
        again = reverse(asking, posted["entryId"], key="undo-0002", locale=locale)
        assert (again["__typename"], again["message"]) == ("EntryReversed", sentence)
    of_reversal = reverse(asking, undone["entryId"], key="undo-0003")
    assert of_reversal["message"] == "the books refuse: LEDGER_REVERSAL_OF_REVERSAL "
    unknown = reverse(asking, global_id("en", LENDER_BOOK, 999_999), key="undo-0004")
    assert (unknown["__typename"], unknown["field"]) == ("NotFound", "entryId")
    assert reverse(asking, "en_nonsense", key="undo-0005") == unknown


def test_what_a_module_has_posted_only_the_module_reverses(asking: Asking) -> None:
    asking.disbursed()
    found = asking.ask("{ loans(first: 1) { nodes { entries(first: 1) { nodes { id } } } } }", by=Role.ACCOUNTANT)
    before = entries(asking)
    for locale, sentence in (("en", "which alone reverses it"), ("zh-CN", "须由该模块冲正")):
        refused = reverse(asking, found["loans"]["nodes"][0]["entries"]["nodes"][0]["id"], locale=locale)
        assert (refused["__typename"], refused["source"]) == ("EntryOfModule", "servicing")
        assert sentence in refused["message"]
    assert entries(asking) == before


def test_an_entry_is_tried_with_every_check_and_leaves_nothing(asking: Asking) -> None:
    document = f"""query($input: EntryInput!) {{ checkEntry(input: $input) {{ {REFUSED}
        ... on EntryCheckResult {{ book isReplay {BALANCES} lines {{ account }} }} }} }}"""

    def check(given: dict[str, Any]) -> dict[str, Any]:
        data: dict[str, Any] = asking.ask(document, by=Role.ACCOUNTANT, input=given)["checkEntry"]
        return data

    fine = check(item())
    assert fine["resultingBalances"] == [
        {"account": "1002.01", "balance": {"amount": "5.00"}},
        {"account": "1002.02", "balance": {"amount": "-5.00"}},
    ]
    assert check(item()) == fine
    assert check(item(debit="1002"))["message"].startswith("the books refuse: LEDGER_ACCOUNT_NOT_LEAF")
    assert entries(asking) == 0


def test_an_entry_proves_that_it_is_in_a_checkpoint(asking: Asking) -> None:
    posted = post(asking, *(item(f"item-{n}", f"{n + 1}.00") for n in range(5)))["verdicts"]
    proofs = """query($id: ID!, $size: BigInt) { entry(id: $id) { seq proof(checkpointSize: $size) {
        leafIndex path checkpoint { size root note } } } }"""
    assert asking.ask(proofs, id=posted[0]["entryId"])["entry"]["proof"] is None, "nothing is signed yet"

    def sealed() -> None:
        with asking.db.transaction() as conn:
            sequencer.drain(conn, LENDER_BOOK)
            seal(conn, book=LENDER_BOOK, signers=[SIGNER], origin="test")

    sealed()
    later = post(asking, item("later"), key="post-0002")["verdicts"][0]
    assert asking.ask(proofs, id=later["entryId"])["entry"] == {"seq": None, "proof": None}
    sealed()
    with asking.db.snapshot() as conn:
        leaves = [
            bytes(one) for one in conn.scalars(text("SELECT leaf_hash FROM ledger.leaf WHERE book_id = 1 ORDER BY seq"))
        ]
    for size in (None, "5"):
        for one in posted:
            proof = asking.ask(proofs, id=one["entryId"], size=size)["entry"]["proof"]
            index, root = int(proof["leafIndex"]), bytes.fromhex(proof["checkpoint"]["root"])
            assert read(opened(proof["checkpoint"]["note"], [SIGNER.verifier])).root == root
            assert merkle.verify_inclusion(
                leaves[index], index=index, size=int(proof["checkpoint"]["size"]), root=root,
                proof=[bytes.fromhex(node) for node in proof["path"]],
            )  # fmt: skip
    assert asking.ask(proofs, id=later["entryId"], size="5")["entry"]["proof"] is None
    assert asking.faults(proofs, id=later["entryId"], size="4") == ["NOT_FOUND"]
    listed = asking.ask("{ checkpoints(book: 1, first: 1) { nodes { size } pageInfo { hasNextPage endCursor } } }")
    assert listed["checkpoints"]["nodes"] == [{"size": "6"}]
    after = asking.ask(
        "query($c: String) { checkpoints(book: 1, after: $c) { nodes { size createdAt } } }",
        c=listed["checkpoints"]["pageInfo"]["endCursor"],
    )
    assert [one["size"] for one in after["checkpoints"]["nodes"]] == ["5"]
    assert numbers("en", later["entryId"], count=2) is not None


def test_balances_over_time_and_accounts_that_ought_to_be_empty(asking: Asking) -> None:
    post(asking, item(debit="1002.01", credit="3001.02"), item("item-2", "2.00", debit="3001.02", credit="1002.01"))
    with asking.db.transaction() as conn:
        sequencer.drain(conn, LENDER_BOOK)
    series = asking.ask(
        '{ balancesDuring(book: 1, account: "1002.01", fromOn: "2025-01-01", toOn: "2025-02-28", granularity: MONTH)'
        " { fromOn toOn openingBalance { amount } debit { amount } credit { amount } closingBalance { amount } } }"
    )["balancesDuring"]
    assert [(one["toOn"], one["openingBalance"]["amount"], one["closingBalance"]["amount"]) for one in series] == [
        ("2025-01-31", "0.00", "3.00"),
        ("2025-02-28", "3.00", "3.00"),
    ]
    for arguments in ('toOn: "2024-01-01"', 'toOn: "2099-01-01"', 'toOn: "2030-01-01", granularity: DAY'):
        found = asking.faults(
            f'{{ balancesDuring(book: 1, account: "1002.01", fromOn: "2025-01-01", {arguments}) {{ toOn }} }}'
        )
        assert found == ["INPUT_INVALID"]
    clearing = "clearingAccounts(book: 1%s) { account { code } residual { amount } oldestUnmatchedOn }"
    assert asking.ask("{" + clearing % "" + "}")["clearingAccounts"] == [
        {"account": {"code": "3001.01"}, "residual": {"amount": "0.00"}, "oldestUnmatchedOn": None},
        {"account": {"code": "3001.02"}, "residual": {"amount": "-3.00"}, "oldestUnmatchedOn": TODAY.isoformat()},
    ]
    named = asking.ask("{" + clearing % ', accounts: ["1002.01", "1002", "none"]' + "}")["clearingAccounts"]
    assert [(one["account"]["code"], one["residual"]["amount"]) for one in named] == [("1002.01", "3.00")]
