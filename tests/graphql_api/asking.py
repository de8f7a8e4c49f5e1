# ruff: noqa: ANN401 - variables of a document are whatever JSON holds
"""Questions put to the whole schema over a real database: the office of the origination stories, and who may ask it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event

from domain.origination import queries as applications
from domain.payment.order import Kind
from domain.servicing.operations.repayment import repay
from graphql_api.auth import ANONYMOUS, Role, Viewer
from graphql_api.batcher import Batcher
from graphql_api.context import Context
from graphql_api.execution import Executor, Question
from graphql_api.house import House
from graphql_api.limits import Limits
from graphql_api.schema import executor
from ledger.money import Money
from seed import chart, german, messages, office, products
from tests.domain.origination.world import AT, BORDER, TODAY, World, open_world

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection

    from domain.channel.envelope import Json
    from domain.origination.application import Application
    from postgres.database import Database

ROWS: Final = german.applications()
KEY: Final = b"a key of the tests"
OTHER: Final = 9_999
"""Number of a channel, and of a borrower, that has nothing."""
REFERRED: Final = 2_000_00
"""An amount, in fen, whose applications people look at."""
MONTHS: Final = 24
"""Months that the books have open."""


@cache
def schema() -> Executor:
    """The executor of the whole schema; built once, it keeps nothing of who asks."""
    return executor(Limits())


class Statements:
    """Statements that were sent to the database."""

    def __init__(self) -> None:
        """Begin to count."""
        self.texts: list[str] = []

    def __len__(self) -> int:
        """How many there were."""
        return len(self.texts)

    def note(self, _conn: object, _cursor: object, statement: str, *_more: object) -> None:
        """Take note of one."""
        self.texts.append(statement)


@dataclass
class Asking:
    """An office that is asked; `at` is the instant at which questions arrive."""

    db: Database
    people: World
    at: datetime = AT
    numbers: count[int] = field(default_factory=lambda: count(1))

    @property
    def channel_id(self) -> int:
        """The partner's channel."""
        return self.people.channel.channel_id

    def viewer(self, role: Role | None) -> Viewer:
        """Somebody of a role who sees what there is to see for it."""
        if role is None:
            return ANONYMOUS
        return Viewer(
            subject=f"a-{role}",
            role=role,
            channel_id=self.channel_id if role is Role.PARTNER else None,
            customer_id=1 if role is Role.BORROWER else None,
        )

    def answer(
        self, document: str, *, by: Role | Viewer | None = Role.AUDITOR, locale: str = "en", **variables: Any
    ) -> dict[str, Any]:
        """The whole response."""
        viewer = by if isinstance(by, Viewer) else self.viewer(by)
        context = Context(
            viewer=viewer,
            locale=locale,
            request_id="the-request",
            received_at=self.at,
            store=self.db,
            cursor_key=KEY,
            house=House(desk=self.people.desk, repayments=Batcher(self.db, repay)),
        )
        question = Question(document=document, variables=variables)
        return schema().answer(question, context, introspection=False).payload

    def ask(
        self, document: str, *, by: Role | Viewer | None = Role.AUDITOR, locale: str = "en", **variables: Any
    ) -> dict[str, Any]:
        """The data of an answer without errors."""
        found = self.answer(document, by=by, locale=locale, **variables)
        assert "errors" not in found, found["errors"]
        data: dict[str, Any] = found["data"]
        return data

    def faults(self, document: str, *, by: Role | Viewer | None = Role.AUDITOR, **variables: Any) -> list[str]:
        """The codes of the errors of an answer."""
        return [error["extensions"]["code"] for error in self.answer(document, by=by, **variables).get("errors", [])]

    def do(
        self, name: str, given: Mapping[str, object], selection: str = "", *, by: Role | Viewer, locale: str = "en"
    ) -> dict[str, Any]:
        """What a mutation answers: its type, what was selected, or code, message and field of a refusal."""
        kind = f"{name[0].upper()}{name[1:]}Input!"
        document = (
            f"mutation M($input: {kind}) {{ {name}(input: $input) {{ __typename {selection}"
            " ... on Refusal { code message field retryable } } }"
        )
        data: dict[str, Any] = self.ask(document, by=by, locale=locale, input=given)[name]
        return data

    @contextmanager
    def counted(self) -> Iterator[Statements]:
        """Count the statements that are sent meanwhile."""
        known = Statements()
        event.listen(self.db.engine, "before_cursor_execute", known.note)
        try:
            yield known
        finally:
            event.remove(self.db.engine, "before_cursor_execute", known.note)

    @contextmanager
    def world(self) -> Iterator[World]:
        """The people who move applications on, in a transaction of their own."""
        with self.db.transaction() as conn:
            yield replace(self.people, conn=conn)

    def application(self, **changes: object) -> dict[str, Any]:
        """A new application of a new borrower, as `submitApplication` takes it."""
        return {**submission(next(self.numbers)), **changes}

    def submitted(self, **changes: object) -> Application:
        """An application that the partner has handed in."""
        given = self.application(**changes)
        answer = self.do("submitApplication", given, "... on SubmitApplicationResult { isReplay }", by=Role.PARTNER)
        assert answer == {"__typename": "SubmitApplicationResult", "isReplay": False}, answer
        with self.world() as world:
            found = applications.by_channel_number(
                world.conn, channel_id=self.channel_id, channel_application_no=given["channelApplicationNo"]
            )
        assert found is not None
        return found

    def referred(self) -> Application:
        """An application that waits for people."""
        one = self.submitted(amount={"amount": str(Money(REFERRED, "CNY")), "currency": "CNY"})
        with self.world() as world:
            return world.walk(one)

    def disbursed(self, **changes: object) -> int:
        """Number of a loan that was paid out."""
        one = self.submitted(**changes)
        with self.world() as world:
            one = world.walk(one)
            world.accept(one)
            world.answer(one, Kind.CARD_CHECK)
            paid = world.answer(one, Kind.DISBURSEMENT)
        assert paid.loan_id is not None
        return paid.loan_id


def opened(db: Database) -> Asking:
    """An office with open books and nothing in it; who asks for `REFERRED` is looked at by people."""

    def work(conn: Connection) -> Asking:
        world = open_world(conn, scores={REFERRED: BORDER})
        chart.open_books(conn, from_on=office.OPENED_ON, months=MONTHS)
        return Asking(db=db, people=world)

    return db.run(work)


def submission(number: int, *, on: date = TODAY) -> dict[str, Any]:
    """The application of a borrower of his own."""
    row = replace(ROWS[0], row=number)
    borrower = messages.applicant(row, on=on, seed=7)
    features: list[dict[str, object]] = [
        {"name": name, kind_of(value): value} for name, value in extension(row, borrower).items()
    ]
    return {
        "idempotencyKey": f"submit-{number:05d}",
        "channelApplicationNo": messages.application_no(row),
        "productCode": products.CODE,
        "amount": {"amount": str(Money(3_000_00, "CNY")), "currency": "CNY"},
        "termMonths": 6,
        "purposeCode": row.purpose_code,
        "borrower": {
            "name": borrower.name,
            "idType": "RESIDENT_ID",
            "idNo": borrower.identity_number,
            "mobile": borrower.mobile,
            "creditInquiryConsent": True,
        },
        "accounts": [
            {
                "usage": "BOTH",
                "accountNo": borrower.card,
                "accountName": borrower.name,
                "accountType": "DEBIT_CARD",
                "bankName": borrower.bank,
            }
        ],
        "features": features,
    }


def extension(row: german.GermanApplication, borrower: messages.Applicant) -> dict[str, Json]:
    """The features of a row as a message carries them."""
    found = messages.content(row, borrower, on=TODAY)["extParams"]
    assert isinstance(found, dict)
    return found


def kind_of(value: Json) -> str:
    """The field of `FeatureInput` that takes a value."""
    if isinstance(value, bool):
        return "flag"
    return "number" if isinstance(value, int) else "text"
