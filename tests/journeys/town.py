"""The people and machines of a story: partner, underwriters, borrower, bank, and the clock that only a story moves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from uuid import uuid4

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from domain.channel.envelope import Json
from domain.channel.reply import Reply
from domain.channel.signature import message
from domain.collections import queries as cases
from domain.collections.case import Case
from domain.decisioning.facts import FactValue
from domain.decisioning.tables import model_file
from domain.origination import queries as applications
from domain.origination.application import Application
from domain.servicing.position import Position
from domain.servicing.queries.position import position
from ledger import balances
from postgres.database import Database
from sandbox.client import BankClient
from seed import demo, german, messages
from seed.behaviour import Intention
from seed.chart import LENDER_BOOK
from seed.office import Office, open_office
from seed.parties import APP_ID
from tests.domain.origination.world import BAD, BORDER, GOOD, MODEL_FILE, MODEL_HASH, Score

MONDAY = date(2025, 1, 6)
ROW = german.applications()[0]
SCORES = {1_000_00: BAD, 2_000_00: BORDER}
"""Yuan asked for and what it scores; everything else is good."""


@dataclass
class Town:
    """One business day after another, by the demonstration's own year."""

    db: Database
    year: demo.Year
    today: date = MONDAY
    replies: list[Reply] = field(default_factory=list)

    def apply(self, *, amount: int = 3_000_00, months: int = 6, card: str | None = None) -> Reply:
        """S1: the partner sends an application; every story has its own borrower."""
        number = 1 + len(self.replies)
        asked = replace(ROW, row=number, amount=amount, term_months=months)
        self.year.by_number[messages.application_no(asked)] = replace(asked, bad=False)
        borrower = messages.applicant(asked, on=self.today, seed=7, card_suffix=card)
        reply = self.send("credit.apply", messages.content(asked, borrower, on=self.today))
        self.replies.append(reply)
        return reply

    def send(self, api: str, content: Mapping[str, Json]) -> Reply:
        at = demo.instant(self.today, 9)
        raw = message(
            content,
            app_id=APP_ID,
            api_name=api,
            request_no="RQ-1",
            nonce=f"n-{uuid4().hex}",
            timestamp=at,
            key=self.year.office.parties.key,
        )
        (reply,) = self.year._deliver([(raw, at)], self.today)
        return reply

    def mean(self, intentions: Sequence[Intention]) -> None:
        """What the only borrower means to pay, instead of what he would."""
        (loan_id,) = self.year.habits
        self.year.calendar = {}
        for one in intentions:
            self.year.calendar.setdefault(one.on, []).append((loan_id, one))

    def sleep(self, days: int = 1) -> None:
        """Work whole business dates."""
        for _ in range(days):
            self.year.live(self.today)
            self.today += timedelta(days=1)

    def until(self, on: date) -> None:
        """Work business dates up to a day, which is not begun."""
        self.sleep((on - self.today).days)

    @property
    def application(self) -> Application:
        """The only application, as it stands."""
        (one,) = self.db.run(lambda conn: applications.applications(conn, first=10))
        return one

    def trail(self) -> list[str]:
        """Stages that the only application has reached."""
        number = self.application.application_id
        return [one.transition.to_stage.value for one in self.db.run(lambda conn: applications.steps(conn, number))]

    def position(self) -> Position:
        """The only loan, this morning."""
        number = self.application.loan_id
        assert number is not None
        found = self.db.run(lambda conn: position(conn, loan_id=number, on=self.today))
        assert found is not None
        return found

    def balance(self, account: str) -> int:
        """Debit less credit of an account in the lender's book, in fen."""
        return self.db.run(lambda conn: balances.balance_now(conn, book=LENDER_BOOK, account=account))

    def cases(self) -> tuple[Case, ...]:
        """Collection cases, open or closed."""
        return self.db.run(lambda conn: cases.cases(conn, first=10))


def open_town(db: Database, bank: BankClient) -> Town:
    """A town in which an application scores by its amount."""

    def assess(facts: Mapping[str, FactValue], /) -> Score:
        amount = facts["amount"]
        assert isinstance(amount, int)
        return Score(SCORES.get(amount, GOOD))

    def work(conn: Connection) -> Office:
        conn.execute(insert(model_file).values(sha256=MODEL_HASH, content=MODEL_FILE).on_conflict_do_nothing())
        return open_office(conn, assess=assess, months=12)

    return Town(db=db, year=demo.Year(db=db, office=db.run(work), bank=bank, seed=7, rows=()))
