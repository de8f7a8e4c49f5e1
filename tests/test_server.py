"""The server as a process: who may ask, what a partner's message becomes, what it logs, and how it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

import server
import settings
from benchmarks.book import BOOK, open_small_book, repaid
from domain.channel.signature import message
from ledger import journal, sequencer
from ledger.note import Checkpoint, Signer, sign
from ledger.seal import Sealed
from postgres.database import Database
from seed import german, messages
from seed.chart import LENDER_BOOK
from seed.office import Office, open_office
from seed.parties import APP_ID
from tests.sandbox.process import free_port

REPOSITORY = Path(__file__).parents[1]
ROW = german.applications()[0]


@dataclass
class Running:
    """A server process and what it printed when it was ready."""

    url: str
    process: subprocess.Popen[str]
    logins: dict[str, str]
    question: str
    errors: Path

    def ask(self, query: str, *, role: str | None = None, token: str | None = None) -> httpx.Response:
        bearer = token or (self.logins[role] if role else None)
        headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
        return httpx.post(f"{self.url}/graphql", json={"query": query}, headers=headers, trust_env=False, timeout=20)

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.errors.read_text("utf-8").splitlines() if line.startswith("{")]


@pytest.fixture(scope="module")
def office(module_db: Database) -> Office:
    return module_db.run(lambda conn: open_office(conn, months=24))


@pytest.fixture(scope="module")
def running(module_db: Database, office: Office, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    del office
    home = tmp_path_factory.mktemp("server")
    port = free_port()
    environ = {**os.environ, "DATABASE_URL": module_db.url, "ZHUDAI_PORT": str(port), "ZHUDAI_LOG": "json"}
    with (home / "errors").open("w") as errors, (home / "out").open("w") as printed:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "serve"],
            cwd=home,
            env={**environ, "PYTHONPATH": str(REPOSITORY)},
            stdout=printed,
            stderr=errors,
            text=True,
        )
        try:
            said = ""
            for _ in range(600):
                said = (home / "out").read_text("utf-8")
                if "curl" in said:
                    break
                assert process.poll() is None, (home / "errors").read_text("utf-8")
                time.sleep(0.05)
            logins = dict(line.split() for line in said.splitlines() if " zt1." in line and "curl" not in line)
            question = next(line for line in said.splitlines() if "curl" in line)
            yield Running(f"http://127.0.0.1:{port}", process, logins, question, home / "errors")
        finally:
            process.kill()
            process.wait()


def test_it_tells_that_it_lives_and_is_ready(running: Running) -> None:
    for path in ("/health/live", "/health/ready"):
        assert httpx.get(running.url + path, trust_env=False).status_code == httpx.codes.OK
    assert "zhudai_" in httpx.get(running.url + "/metrics", trust_env=False).text


def test_the_printed_question_is_answered(running: Running) -> None:
    asked = json.loads(running.question[running.question.index("-d '") + 4 : -1])
    answer = running.ask(asked["query"], role="accountant").json()
    assert answer["data"]["trialBalance"]["balanced"] is True


def test_there_is_a_log_in_for_each_role_and_each_is_let_in(running: Running) -> None:
    assert len(running.logins) == 11
    for role in running.logins:
        answer = running.ask("{ businessDate }", role=role).json()
        assert answer["data"]["businessDate"], (role, answer)


def test_without_a_token_little_is_said_and_with_a_forged_one_nothing(running: Running) -> None:
    nobody = running.ask("{ trialBalance(book: 1) { balanced } }")
    assert nobody.json()["data"] is None
    token = running.logins["accountant"]
    forged = running.ask("{ version }", token=token[:-2] + ("AA" if token[-2:] != "AA" else "BB"))
    assert forged.status_code == httpx.codes.UNAUTHORIZED


def signed(office: Office, *, number: int = 1) -> bytes:
    at = datetime.now(UTC)
    borrower = messages.applicant(ROW, on=at.date(), seed=number)
    return message(
        messages.content(ROW, borrower, on=at.date()),
        app_id=APP_ID,
        api_name="credit.apply",
        request_no="RQ-1",
        nonce=f"nonce-{number}-{at:%H%M%S%f}",
        timestamp=at,
        key=office.parties.key,
    )


def test_a_partners_message_becomes_an_application_that_the_machine_decides(running: Running, office: Office) -> None:
    raw = signed(office)
    changed = raw.replace(b'"apiVersion":"', b'"apiVersion":"9')
    assert changed != raw
    refused = httpx.post(f"{running.url}/channel/v1", content=changed, trust_env=False).json()
    assert refused["status"] == "FAIL"
    taken = httpx.post(f"{running.url}/channel/v1", content=raw, trust_env=False, timeout=20).json()
    assert (taken["code"], taken["status"]) == ("OK", "PROCESSING"), taken
    again = httpx.post(f"{running.url}/channel/v1", content=raw, trust_env=False, timeout=20).json()
    assert again["code"] != "OK", "the nonce was used"
    stage = "CREATED"
    for _ in range(200):
        found = running.ask("{ applications(first: 5) { edges { node { stage } } } }", role="operations").json()
        stage = found["data"]["applications"]["edges"][0]["node"]["stage"]
        if stage not in {"ACCEPTANCE", "PRE_APPROVAL", "ANTI_FRAUD", "DECISION"}:
            break
        time.sleep(0.05)
    assert stage in {"OFFER", "MANUAL_REVIEW", "PHONE_CHECK", "REJECTED"}


def test_what_is_posted_is_numbered_by_the_server(running: Running, module_db: Database) -> None:
    query = """mutation { postEntries(input: {idempotencyKey: "key-0001", mode: ATOMIC, items: [{
        reference: "item-0001", book: 1, effectiveOn: "%s", description: "opening", lines: [
          {account: "1002.01", side: DEBIT, amount: {amount: "5.00", currency: "CNY"}},
          {account: "1002.02", side: CREDIT, amount: {amount: "5.00", currency: "CNY"}}]}]}) { __typename } }"""
    before = module_db.run(lambda conn: sequencer.head(conn, LENDER_BOOK))
    answer = running.ask(query % "2025-02-03", role="accountant").json()
    assert "errors" not in answer, answer
    for _ in range(100):
        if module_db.run(lambda conn: sequencer.head(conn, LENDER_BOOK)) > before:
            break
        time.sleep(0.05)
    assert module_db.run(lambda conn: sequencer.head(conn, LENDER_BOOK)) == before + 1


def test_a_date_that_is_ordered_is_closed_by_the_server(running: Running) -> None:
    order = """mutation { closeDay(input: {idempotencyKey: "close-0001", businessDate: "2025-02-04"}) {
        ... on CloseDayResult { isReplay run { state } } } }"""
    answer = running.ask(order, role="operations").json()
    assert answer["data"]["closeDay"]["isReplay"] is False, answer
    state = "RUNNING"
    for _ in range(200):
        found = running.ask('{ dayRun(on: "2025-02-04") { state } }', role="operations").json()
        state = found["data"]["dayRun"]["state"]
        if state == "CLOSED":
            break
        time.sleep(0.05)
    assert state == "CLOSED"


def test_log_lines_are_json_with_a_request_id_and_without_secrets(running: Running) -> None:
    running.ask("query Named { version }", role="auditor")
    time.sleep(0.1)
    lines = running.lines()
    named = [one for one in lines if one.get("operation") == "Named"]
    assert named
    assert {"request_id", "actor", "status", "ms", "at", "level"} <= named[-1].keys()
    assert named[-1]["actor"] == "auditor-1"
    whole = running.errors.read_text("utf-8")
    assert "zt1." not in whole
    person = messages.applicant(ROW, on=datetime.now(UTC).date(), seed=1)
    for told in (person.name, person.identity_number, person.mobile, person.card):
        assert told not in whole


def test_development_keys_bind_to_loopback_only(module_db: Database, tmp_path: Path) -> None:
    environ = {**os.environ, "DATABASE_URL": module_db.url, "ZHUDAI_HOST": "192.0.2.1", "PYTHONPATH": str(REPOSITORY)}
    ran = subprocess.run(
        [sys.executable, "-m", "cli", "serve"], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert "KEYS_MISSING" in ran.stderr


def test_it_does_not_start_on_a_database_older_than_what_it_signed(module_db: Database, tmp_path: Path) -> None:
    """A backup from before the newest checkpoint would give the numbers of lost entries to new ones."""
    keys = settings.development_keys(tmp_path / ".data")
    signed = Checkpoint("zhudai/book/1", 10**6, b"\1" * 32).text()
    anchor = tmp_path / "elsewhere"
    anchor.mkdir()
    (anchor / "book-1-1000000.note").write_text(sign(signed, [Signer.from_seed("zhudai", keys.seal)]), "utf-8")
    environ = {**os.environ, "DATABASE_URL": module_db.url, "ZHUDAI_ANCHOR": str(anchor), "PYTHONPATH": str(REPOSITORY)}
    ran = subprocess.run(
        [sys.executable, "-m", "cli", "serve"], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert "LEDGER_OLDER_THAN_ANCHOR" in ran.stderr


def test_what_it_signs_is_kept_elsewhere_and_held_at_the_next_start(db: Database, tmp_path: Path) -> None:
    by = Signer.from_seed("zhudai", b"\5" * 32)
    db.run(open_small_book)
    db.run(lambda conn: journal.append(conn, [repaid("once", 7)]))
    db.run(lambda conn: sequencer.drain(conn, BOOK))
    made = server.seal_books(db, by)[BOOK]
    assert isinstance(made, Sealed)
    server.keep_note(tmp_path / "elsewhere", BOOK, made)
    assert [path.read_text("utf-8") for path in (tmp_path / "elsewhere").iterdir()] == [made.note]
    server.hold_anchors(db, tmp_path / "elsewhere", by)


def test_it_ends_when_told_and_leaves_no_connection(running: Running, module_db: Database) -> None:
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(20) == 0
    left = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE application_name IN ('zhudai-server', 'zhudai-day') AND datname = current_database()"
    )
    with module_db.snapshot() as conn:
        assert conn.scalar(left) == 0
