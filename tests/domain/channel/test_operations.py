from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from threading import Barrier

import pytest
from sqlalchemy import Connection, Table, func, select

from domain.calendar import SHANGHAI
from domain.channel import operations, tables
from domain.channel.envelope import Json
from domain.channel.mapping import RepayRequest
from domain.channel.reply import Answer, Reply, Status
from domain.channel.routing import Route
from domain.channel.signature import canonical, matches, message
from domain.command import Command
from domain.origination.application import ApplicationForm
from domain.party import operations as party_operations
from domain.party.partner import Channel, ChannelKey, ChannelState, PartyKind, SignType
from domain.party.tables import party
from domain.refusals import Invalid, NotFound, Refusal
from ledger.money import Money
from postgres.database import Database
from seed import chart, german, messages
from seed.keys import development_vault
from seed.parties import APP_ID, Parties, channel, open_parties

FROM = date(2026, 1, 1)
AT = datetime(2026, 3, 5, 2, 0, tzinfo=UTC)
VAULT = development_vault()
ROW = german.applications()[0]


# ruff: noqa: ARG002 - the desk answers to the whole protocol
@dataclass
class Desk:
    """Stands where origination and servicing stand: takes in what arrives and remembers it."""

    forms: list[ApplicationForm] = field(default_factory=list)
    repayments: list[RepayRequest] = field(default_factory=list)

    def submit(
        self, conn: Connection, form: ApplicationForm, *, channel: Channel, route: Route, on: date, command: Command
    ) -> Answer | Refusal:
        self.forms.append(form)
        return Answer(status=Status.PROCESSING, data={"applicationNo": f"ap_{len(self.forms)}"})

    def application(self, conn: Connection, *, channel: Channel, channel_application_no: str) -> Answer | Refusal:
        known = [form for form in self.forms if form.channel_application_no == channel_application_no]
        return Answer(status=Status.SUCCESS, data={"count": len(known)}) if known else NotFound(what="application")

    def loan(self, conn: Connection, *, channel: Channel, loan_no: str, on: date) -> Answer | Refusal:
        return Answer(status=Status.SUCCESS, data={"loanNo": loan_no, "on": on.isoformat()})

    def repay(
        self, conn: Connection, request: RepayRequest, *, channel: Channel, on: date, command: Command
    ) -> Answer | Refusal:
        self.repayments.append(request)
        return Answer(status=Status.SUCCESS, data={"repayNo": request.repay_no})


class HalfWay(Desk):
    """Writes something and then refuses."""

    def submit(
        self, conn: Connection, form: ApplicationForm, *, channel: Channel, route: Route, on: date, command: Command
    ) -> Answer | Refusal:
        super().submit(conn, form, channel=channel, route=route, on=on, command=command)
        party_operations.open_party(
            conn, kind=PartyKind.GUARANTOR, code="HALF-WAY", name_zh="半", name_en="half", command=command
        )
        return NotFound(what="anything")


@pytest.fixture
def parties(conn: Connection) -> Parties:
    chart.open_books(conn, from_on=FROM, months=1)
    return open_parties(conn, vault=VAULT, from_on=FROM)


def content(**changes: Json) -> dict[str, Json]:
    borrower = messages.applicant(ROW, on=AT.date())
    return {**messages.content(ROW, borrower, on=AT.date()), **changes}


def signed(
    key: ChannelKey,
    body: dict[str, Json] | None = None,
    *,
    nonce: str = "nonce-0001",
    api: str = "credit.apply",
    at: datetime = AT,
) -> bytes:
    return message(
        content() if body is None else body,
        app_id=APP_ID,
        api_name=api,
        request_no=f"RQ-{nonce}",
        nonce=nonce,
        timestamp=at,
        key=key,
    )


def receive(conn: Connection, raw: bytes, desk: Desk, *, at: datetime = AT, zone: tzinfo = SHANGHAI) -> Reply:
    return operations.receive(conn, raw, received_at=at, vault=VAULT, handlers=desk, zone=zone)


def count(conn: Connection, table: Table) -> int:
    return int(conn.scalar(select(func.count()).select_from(table)) or 0)


def test_an_application_reaches_the_desk_routed_and_stored_masked(conn: Connection, parties: Parties) -> None:
    desk = Desk()
    reply = receive(conn, signed(parties.key), desk)
    assert (reply.status, reply.code, reply.is_replay) == (Status.PROCESSING, "OK", False)
    assert reply.answer.data == {"applicationNo": "ap_1"}
    [form] = desk.forms
    assert (form.loan.amount, form.loan.term) == (ROW.amount, ROW.term_months)
    assert {name: form.extension[name] for name in ROW.extension} == ROW.extension
    row = conn.execute(select(tables.message)).one()
    assert (row.product_id, row.product_version) == (parties.product.product_id, 1)
    assert tuple(row.flow) == parties.product.flow
    stored = json.dumps(row.masked, ensure_ascii=False)
    borrower = messages.applicant(ROW, on=AT.date())
    for secret in (borrower.name, borrower.identity_number, borrower.mobile, borrower.card):
        assert secret not in stored


def test_the_same_content_gets_the_stored_answer(conn: Connection, parties: Parties) -> None:
    desk = Desk()
    first = receive(conn, signed(parties.key), desk)
    again = receive(conn, signed(parties.key, nonce="nonce-0002"), desk)
    assert (again.answer, again.is_replay) == (first.answer, True)
    assert len(desk.forms) == 1


def test_other_content_under_the_same_number_is_refused(conn: Connection, parties: Parties) -> None:
    desk = Desk()
    receive(conn, signed(parties.key), desk)
    other = receive(conn, signed(parties.key, content(recordDesc="changed"), nonce="nonce-0002"), desk)
    assert (other.status, other.code) == (Status.FAIL, "IDEMPOTENT_CONFLICT")
    assert len(desk.forms) == 1


def test_a_nonce_is_used_up_even_by_a_message_that_is_refused(conn: Connection, parties: Parties) -> None:
    desk = Desk()
    assert receive(conn, signed(parties.key, content(productNo="NONE")), desk).code == "PRODUCT_NOT_ROUTED"
    assert receive(conn, signed(parties.key), desk).code == "NONCE_REPLAYED"
    assert receive(conn, signed(parties.key, nonce="nonce-0002"), desk).code == "OK"


def test_a_refused_message_leaves_nothing_but_its_nonce(conn: Connection, parties: Parties) -> None:
    desk = HalfWay()
    before = count(conn, party)
    reply = receive(conn, signed(parties.key), desk)
    assert (reply.code, len(desk.forms)) == ("NOT_FOUND", 1)
    assert count(conn, party) == before
    assert (count(conn, tables.message), count(conn, tables.nonce)) == (0, 1)


def test_all_faults_come_at_once_with_paths_and_both_languages(conn: Connection, parties: Parties) -> None:
    body = content()
    body["loanApplication"] = {"productNo": "OTHER", "applyAmount": "1,000", "currency": "CNY", "applyTerm": 3}
    body["surprise"] = 1
    reply = receive(conn, signed(parties.key, body), Desk())
    assert isinstance(reply.refusal, Invalid)
    told = {(fault.field, fault.code) for fault in reply.refusal.faults}
    assert told >= {
        ("bizContent.loanApplication.applyAmount", "FIELD_INVALID"),
        ("bizContent.loanApplication.productNo", "FIELDS_DISAGREE"),
        ("bizContent.loanApplication.applyTerm", "TERM_NOT_OFFERED"),
        ("bizContent.loanApplication.purposeCode", "FIELD_MISSING"),
        ("bizContent.surprise", "FIELD_UNKNOWN"),
    }
    chinese = reply.body(at=AT, locale="zh-CN")["faults"]
    english = reply.body(at=AT, locale="en")["faults"]
    assert chinese != english
    assert isinstance(english, list)
    assert len(english) == len(reply.refusal.faults)


@pytest.mark.parametrize(
    ("api", "body", "status", "code"),
    [
        ("credit.query", {"channelApplicationNo": "MK-00001"}, Status.FAIL, "NOT_FOUND"),
        ("credit.query", {}, Status.FAIL, "INPUT_INVALID"),
        ("credit.query", {"channelApplicationNo": "MK-00001", "more": 1}, Status.FAIL, "INPUT_INVALID"),
        ("loan.query", {"loanNo": "ln_1"}, Status.SUCCESS, "OK"),
        ("loan.query", {"loanNo": 1}, Status.FAIL, "INPUT_INVALID"),
        (
            "repay.apply",
            {"repayNo": "RP-1", "loanNo": "ln_1", "amount": "350.00", "currency": "CNY"},
            Status.SUCCESS,
            "OK",
        ),
        (
            "repay.apply",
            {"repayNo": "RP-1", "loanNo": "ln_1", "amount": "0.00", "currency": "CNY", "repayType": "SOON"},
            Status.FAIL,
            "INPUT_INVALID",
        ),
        ("repay.apply", {"loanNo": "ln_1"}, Status.FAIL, "FIELD_INVALID"),
        ("credit.drop", {"a": 1}, Status.FAIL, "API_UNKNOWN"),
    ],
)
def test_interfaces(
    conn: Connection, parties: Parties, api: str, body: dict[str, Json], status: Status, code: str
) -> None:
    reply = receive(conn, signed(parties.key, body or {"x": None}, api=api), Desk())
    assert (reply.status, reply.code) == (status, code)


def test_the_day_of_a_query_is_the_day_in_beijing(conn: Connection, parties: Parties) -> None:
    late = datetime(2026, 3, 5, 16, 30, tzinfo=UTC)
    reply = receive(conn, signed(parties.key, {"loanNo": "ln_1"}, api="loan.query", at=late), Desk(), at=late)
    assert reply.answer.data["on"] == "2026-03-06"


def test_the_reply_is_signed_with_the_shared_key(conn: Connection, parties: Parties) -> None:
    body = receive(conn, signed(parties.key), Desk()).body(at=AT)
    assert matches(canonical(body), str(body["sign"]), parties.key)
    assert not matches(canonical({**body, "status": "SUCCESS"}), str(body["sign"]), parties.key)


@pytest.mark.parametrize(("zone", "day"), [(SHANGHAI, 1), (UTC, 0)])
def test_a_message_belongs_to_the_day_of_the_books_time_zone(
    conn: Connection, parties: Parties, zone: tzinfo, day: int
) -> None:
    late = datetime.combine(AT.date(), time(20), UTC)
    raw = signed(parties.key, {"loanNo": "ln_1"}, api="loan.query", at=late)
    told = receive(conn, raw, Desk(), at=late, zone=zone).answer.data
    assert told["on"] == (AT.date() + timedelta(days=day)).isoformat()


def test_a_stranger_gets_no_signature(conn: Connection, parties: Parties) -> None:
    foreign = replace(parties.key, material=b"x" * 32)
    reply = receive(conn, signed(foreign), Desk())
    assert reply.code == "SIGNATURE_INVALID"
    assert "sign" not in reply.body(at=AT)
    assert count(conn, tables.nonce) == 0


@pytest.mark.parametrize("seconds", [-301, 301, -3600])
def test_a_stale_message_is_refused(conn: Connection, parties: Parties, seconds: int) -> None:
    reply = receive(conn, signed(parties.key, at=AT + timedelta(seconds=seconds)), Desk())
    assert (reply.code, reply.refusal is not None and reply.refusal.retryable) == ("SIGNATURE_STALE", True)


def test_keys_rotate_with_an_overlap_and_stop_when_revoked(conn: Connection, parties: Parties) -> None:
    command = Command(actor="admin", key="rotate", received_at=AT)
    second = ChannelKey(
        key_id="k2", sign_type=SignType.HMAC_SHA256, material=b"2" * 32, valid_from=AT - timedelta(hours=1)
    )
    party_operations.add_channel_key(conn, channel_id=parties.channel_id, key=second, vault=VAULT, command=command)
    assert receive(conn, signed(parties.key, nonce="nonce-0001"), Desk()).code == "OK"
    assert receive(conn, signed(second, nonce="nonce-0002"), Desk()).code == "OK"
    party_operations.revoke_channel_key(conn, channel_id=parties.channel_id, key_id="k1", command=command)
    assert receive(conn, signed(parties.key, nonce="nonce-0003"), Desk()).code == "SIGNATURE_INVALID"
    assert receive(conn, signed(second, nonce="nonce-0004"), Desk()).code == "OK"


def test_a_suspended_channel_is_told_so_only_when_its_signature_is_right(conn: Connection, parties: Parties) -> None:
    command = Command(actor="admin", key="stop", received_at=AT)
    party_operations.set_channel_state(
        conn, channel_id=parties.channel_id, state=ChannelState.SUSPENDED, command=command
    )
    assert receive(conn, signed(parties.key), Desk()).code == "CHANNEL_SUSPENDED"
    foreign = replace(parties.key, material=b"x" * 32)
    assert receive(conn, signed(foreign, nonce="nonce-0002"), Desk()).code == "SIGNATURE_INVALID"


def test_an_application_stands_in_origination_and_is_told_to_its_channel_only(
    conn: Connection, parties: Parties
) -> None:
    business = operations.Business(vault=VAULT)
    taken = operations.receive(conn, signed(parties.key), received_at=AT, vault=VAULT, handlers=business)
    asked = operations.receive(
        conn,
        signed(
            parties.key, {"channelApplicationNo": messages.application_no(ROW)}, nonce="nonce-0002", api="credit.query"
        ),
        received_at=AT,
        vault=VAULT,
        handlers=business,
    )
    assert (taken.status, taken.answer.data["stage"]) == (Status.PROCESSING, "ACCEPTANCE")
    assert asked.answer == taken.answer
    other = party_operations.open_channel(
        conn,
        party_id=parties.partner_id,
        code="CH-2",
        app_id="app-2",
        name_zh="二",
        name_en="two",
        sign_type=SignType.HMAC_SHA256,
        command=Command(actor="t", key="t", received_at=AT),
    )
    stranger = replace(channel(conn, vault=VAULT), channel_id=other)
    number = messages.application_no(ROW)
    assert isinstance(business.application(conn, channel=stranger, channel_application_no=number), NotFound)


@pytest.mark.parametrize("loan_no", ["ln_999999", "999999", "ln_", "ln_x", "ln_" + "9" * 40, "ln_１"])
def test_a_loan_that_is_not_the_channels_does_not_exist(conn: Connection, parties: Parties, loan_no: str) -> None:
    business, own = operations.Business(vault=VAULT), channel(conn, vault=VAULT)
    command = Command(actor="t", key="t", received_at=AT)
    wish = RepayRequest(repay_no="R", loan_no=loan_no, amount=Money(1, "CNY"))
    assert isinstance(business.loan(conn, channel=own, loan_no=loan_no, on=FROM), NotFound)
    assert isinstance(business.repay(conn, wish, channel=own, on=FROM, command=command), NotFound)


def _twins(db: Database, nonces: tuple[str, str]) -> tuple[list[Reply], Desk]:
    with db.transaction() as conn:
        chart.open_books(conn, from_on=FROM, months=1)
        key = open_parties(conn, vault=VAULT, from_on=FROM).key
    desk, start = Desk(), Barrier(2)

    def send(nonce: str) -> Reply:
        with db.transaction() as conn:
            start.wait()
            return receive(conn, signed(key, nonce=nonce), desk)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(send, nonces)), desk


def test_twins_that_arrive_together_have_one_effect(db: Database) -> None:
    replies, desk = _twins(db, ("nonce-0001", "nonce-0002"))
    assert len(desk.forms) == 1
    assert sorted(reply.is_replay for reply in replies) == [False, True]
    assert replies[0].answer == replies[1].answer


def test_one_nonce_sent_twice_at_once_is_taken_once(db: Database) -> None:
    replies, desk = _twins(db, ("nonce-0001", "nonce-0001"))
    assert sorted(reply.code for reply in replies) == ["NONCE_REPLAYED", "OK"]
    assert len(desk.forms) == 1
