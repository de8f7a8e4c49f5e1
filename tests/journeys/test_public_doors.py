"""One loan's whole life through the doors that others have: signed message, GraphQL, bank, command line.

Nothing is called that a partner, underwriter, borrower, collector or operator could not call. The applicant is
a row of the German set whom the trained model refers to people.
"""

import asyncio
import io
import json
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

import cli
import server
import settings
from domain.calendar import SHANGHAI, day_of
from domain.channel.signature import message
from graphql_api.auth import Role, Viewer, mint
from postgres.database import Database
from sandbox import process
from sandbox.client import BankClient
from seed import german, messages, products
from seed.office import OPENED_ON, Office, open_office
from seed.parties import APP_ID

REFERRED = german.applications()[9]
"""The tenth row: of grade D, so that people look at it."""
PEOPLE = {Role.BORROWER: {"customer_id": 1}, Role.PARTNER: {"channel_id": 1}}


@dataclass
class Doors:
    """A house at work, and everything outside it."""

    chosen: settings.Settings
    house: server.House
    office: Office
    home: Path
    keys: Iterator[int] = field(default_factory=lambda: iter(range(10_000)))

    def post(self, path: str, content: bytes, **headers: str) -> Any:  # noqa: ANN401 - JSON
        async def posted() -> httpx.Response:
            transport = httpx.ASGITransport(self.house.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
                return await client.post(path, content=content, headers=headers, timeout=30)

        return asyncio.run(posted()).json()

    def ask(self, role: Role, query: str, *, subject: str = "one", **values: object) -> Any:  # noqa: ANN401 - JSON
        """Ask as somebody of a role; `values` are the variables, and an answer with errors is none."""
        viewer = Viewer(subject=subject, role=role, **PEOPLE.get(role, {}))
        token = mint(viewer, key=self.chosen.keys.token, expires_at=datetime.now(UTC) + timedelta(hours=1))
        asked = json.dumps({"query": query, "variables": values}).encode()
        headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
        answer = self.post("/graphql", asked, **headers)
        assert "errors" not in answer, answer
        return answer["data"]

    def do(self, role: Role, verb: str, fields: str, *, subject: str = "one", **given: object) -> dict[str, Any]:
        """Command as somebody of a role, under a new key."""
        type_name = f"{verb[0].upper()}{verb[1:]}Input"
        query = f"mutation($input: {type_name}!) {{ {verb}(input: $input) {{ __typename {fields} }} }}"
        given = {"idempotencyKey": f"doors-{next(self.keys):06}", **given}
        done: dict[str, Any] = self.ask(role, query, subject=subject, input=given)[verb]
        return done

    def zhudai(self, *arguments: str) -> str:
        """Run a command that succeeds, and return what it printed."""
        printed = io.StringIO()
        with redirect_stdout(printed), redirect_stderr(printed), pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        assert not ended.value.code, printed.getvalue()
        return printed.getvalue()

    def application(self) -> dict[str, Any]:
        """The only application, as the operator sees it."""
        query = "{ applications(first: 2) { nodes { id stage waitsFor offer { disclosureHash } loan { id } } } }"
        (one,) = self.ask(Role.OPERATIONS, query)["applications"]["nodes"]
        found: dict[str, Any] = one
        return found

    def until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for the clerks."""
        for _ in range(400):
            if condition(one := self.application()):
                return one
            time.sleep(0.05)
        raise AssertionError(self.application())


@pytest.fixture
def doors(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Doors]:
    now = day_of(datetime.now(UTC), zone=SHANGHAI)
    months = (now.year - OPENED_ON.year) * 12 + now.month + 6
    office = db.run(lambda conn: open_office(conn, months=months))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", db.url)
    chosen = settings.read()
    with (
        process.running(tmp_path / "bank", key=chosen.bank_key, hold_seconds=0.05) as bank_url,
        server.opened(chosen, db.url, bank_url=bank_url) as house,
        server.at_work(house.clerks),
    ):
        yield Doors(chosen, house, office, tmp_path)


def _apply(doors: Doors, on: date) -> None:
    borrower = messages.applicant(REFERRED, on=on, seed=1)
    at = datetime.now(UTC)
    raw = message(
        messages.content(REFERRED, borrower, on=on),
        app_id=APP_ID,
        api_name="credit.apply",
        request_no="RQ-1",
        nonce="doors-nonce-1",
        timestamp=at,
        key=doors.office.parties.key,
    )
    tampered = raw.replace(b'"requestNo":"RQ-1"', b'"requestNo":"RQ-2"')
    assert doors.post("/channel/v1", tampered)["code"] == "SIGNATURE_INVALID"
    taken = doors.post("/channel/v1", raw)
    assert (taken["code"], taken["status"]) == ("OK", "PROCESSING")
    assert doors.post("/channel/v1", raw)["code"] == "NONCE_REPLAYED"


def _review(doors: Doors) -> None:
    """Underwriters work the queue until nothing waits for them; one has no second vote."""
    one = doors.until(lambda one: one["stage"] in {"MANUAL_REVIEW", "PHONE_CHECK"})
    while one["waitsFor"] == "PEOPLE":
        query = "{ reviewQueue(first: 2) { nodes { id stage approvalsRequired } } }"
        (task,) = doors.ask(Role.UNDERWRITER, query)["reviewQueue"]["nodes"]
        reason = "PHONE_PASSED" if task["stage"] == "PHONE_CHECK" else "HISTORY_ACCEPTABLE"
        for number in range(task["approvalsRequired"]):
            said = {"taskId": task["id"], "finding": "APPROVE", "reasons": [reason]}
            done = doors.do(Role.UNDERWRITER, "reviewApplication", "", subject=f"underwriter-{number}", **said)
            assert done["__typename"] == "ReviewApplicationResult"
        one = doors.until(lambda one, was=one["stage"]: one["stage"] != was)  # type: ignore[misc]  # bound now


def _positions(doors: Doors, loan: str) -> dict[str, Any]:
    query = (
        "query($id: ID!) { loan(id: $id) { position { status daysPastDue overdue { total { amount currency } } } } }"
    )
    found: dict[str, Any] = doors.ask(Role.OPERATIONS, query, id=loan)["loan"]["position"]
    return found


def _cases(doors: Doors) -> list[tuple[str, bool]]:
    """Loans with a case, and whether it is open, as the collector on duty sees them."""
    query = "{ collectionCases(first: 2) { nodes { loan { id } closedOn } } }"
    found = doors.ask(Role.COLLECTOR, query, subject="collector-1")["collectionCases"]["nodes"]
    return [(one["loan"]["id"], one["closedOn"] is None) for one in found]


@pytest.mark.slow
def test_one_loan_through_the_doors_that_others_have(doors: Doors) -> None:
    # the books are two months behind, so that the loan can live before today: a date that has not come cannot be closed
    doors.zhudai("close-day", "--date", (day_of(datetime.now(UTC), zone=SHANGHAI) - timedelta(days=60)).isoformat())
    on = date.fromisoformat(doors.ask(Role.OPERATIONS, "{ businessDate }")["businessDate"])
    _apply(doors, on)
    _review(doors)
    one = doors.until(lambda one: one["stage"] == "OFFER")
    shown = {"applicationId": one["id"], "disclosureHash": one["offer"]["disclosureHash"], "readSeconds": 30}
    accepted = doors.do(Role.BORROWER, "acceptOffer", "", **shown)
    assert accepted["__typename"] == "ApplicationResult", accepted
    loan = doors.until(lambda one: one["stage"] == "DISBURSED")["loan"]["id"]

    doors.zhudai("close-day", "--date", on.isoformat())
    assert doors.house.bank_url is not None
    key, merchant = doors.chosen.bank_key, server.merchant(doors.house.database)
    with BankClient(doors.house.bank_url, key=key, merchant=merchant) as bank:
        body = bank.day_file(on).body
    assert body is not None
    (doors.home / "day.txt").write_bytes(body)
    matched = json.loads(doors.zhudai("reconcile", "day.txt", "--product", products.CODE, "--json"))
    assert (matched["rows"], matched["matched"], matched["differences"]) == (1, 1, [])

    while not _cases(doors):
        on += timedelta(days=1)
        doors.zhudai("close-day", "--date", on.isoformat())
    assert _cases(doors) == [(loan, True)]
    assert _positions(doors, loan)["status"] == "OVERDUE"

    owed = _positions(doors, loan)["overdue"]["total"]
    paid_on = (on + timedelta(days=1)).isoformat()
    paid = doors.do(
        Role.OPERATIONS,
        "repayLoan",
        "... on RepayLoanResult { repayment { id } }",
        loanId=loan,
        amount=owed,
        paidOn=paid_on,
    )
    assert paid["__typename"] == "RepayLoanResult", paid
    assert _positions(doors, loan)["status"] == "ACTIVE"
    doors.zhudai("close-day", "--date", paid_on)
    assert _cases(doors) == [(loan, False)]

    undone = {"repaymentId": paid["repayment"]["id"], "effectiveOn": (on + timedelta(days=2)).isoformat()}
    assert doors.do(Role.OPERATIONS, "reverseRepayment", "", **undone)["__typename"] == "ReverseRepaymentResult"
    assert _positions(doors, loan)["status"] == "OVERDUE"
    again = doors.do(Role.OPERATIONS, "reverseRepayment", "", **undone)
    assert again["__typename"] != "ReverseRepaymentResult", "once"

    assert json.loads(doors.zhudai("trial-balance", "--json"))["balanced"] is True
    assert all(book["sound"] for book in json.loads(doors.zhudai("verify", "--json")))
