"""The composition root: the one place where database, scorer, bank, domain and schema are introduced to each other.

`House.open` builds everything from settings and a database; `House.app` is the ASGI application. Behind it work six
clerks, each a thread that repeats one small job: number journal entries, sign what is numbered, walk applications,
close the business date that was ordered, send payment orders, ask what became of them. Every job is a transaction of
the domain that another server may do as well.
"""

from __future__ import annotations

import json
import logging
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from functools import partial
from socket import socket
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Final, TypeVar

import uvicorn
from sqlalchemy import select, text

from domain.channel import operations as channels
from domain.channel.operations import Business
from domain.command import Command
from domain.day import operations as closing
from domain.day import queries as days
from domain.decisioning import queries as decisions
from domain.decisioning.operations import Bench
from domain.origination import operations as origination
from domain.origination import queries as applications
from domain.origination.operations import BankAnswers, Desk
from domain.origination.queries import CustomerCards
from domain.payment import operations as payments
from domain.payment import queries as orders
from domain.payment.gateway import Channel
from domain.refusals import Refusal
from domain.servicing.operations.repayment import repay
from graphql_api import auth
from graphql_api.auth import Role, Viewer
from graphql_api.batcher import Batcher
from graphql_api.house import House as Neighbours
from graphql_api.http import Edge, application
from graphql_api.limits import Limits
from graphql_api.schema import executor
from ledger import books, sequencer
from ledger.journal import MAC_KEY_OPTION
from ledger.note import Signer
from ledger.seal import AnchorBroken, EntryMissing, Sealed, broken_anchors, seal
from postgres.database import INTERACTIVE, UNLIMITED, Database
from risk import contract
from risk.assess import Assessment, Assessor, assessor
from risk.fraud import identity_facts
from risk.model import ModelRefused, Registered, load, self_test_of
from risk.reasons import Reason, Source
from risk.rules.evaluate import evaluate_document
from sandbox.client import BankClient

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection
    from starlette.types import ASGIApp

    from risk.contract import Facts
    from settings import Settings

T = TypeVar("T")

SHANGHAI: Final = timezone(timedelta(hours=8))
ACTOR: Final = "machine"
"""Who is responsible for what the clerks do."""
SIGNER: Final = "zhudai"
"""Name of the key that signs checkpoints, and where they come from."""
SEAL_PAUSE: Final = 600.0
"""Seconds between two rounds of the sealer: what an intruder could rewrite unseen is never older."""
TOKEN_DAYS: Final = 30
"""How long a development log-in holds."""

_LOG: Final = logging.getLogger("zhudai.server")

MODEL_UNAVAILABLE: Final = Reason(
    code="MODEL_UNAVAILABLE",
    source=Source.DATA,
    zh="没有可用的评分模型, 转人工",
    en="no model is in service; people decide",
)


@dataclass(slots=True, kw_only=True)
class Scorer:
    """The champion of the registry; without one every application is referred to people, by name."""

    database: Database
    model: str
    _sha256: str = ""
    _assess: Assessor | None = None
    _looked_at: datetime | None = None
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, facts: Facts, /) -> Assessment | tuple[Reason, ...]:
        """Assess one application by the model in service; a change of champion is seen within a minute."""
        assess = self._current()
        return (MODEL_UNAVAILABLE,) if assess is None else assess(facts)

    def _current(self) -> Assessor | None:
        with self._lock:
            now = datetime.now(UTC)
            if self._looked_at is None or self._assess is None or now - self._looked_at > timedelta(minutes=1):
                self._look()
                self._looked_at = now
            return self._assess

    def _look(self) -> None:
        with self.database.snapshot() as conn:
            champion = decisions.champion(conn, self.model)
        if champion is None:
            self._assess = None
        elif champion.registration.sha256 != self._sha256:
            kept = champion.registration
            known = Registered(
                sha256=kept.sha256, contract_hash=kept.contract_hash, self_test=self_test_of(kept.self_test)
            )
            found = load(kept.content, registered=known, contract=contract.load(kept.contract))
            if isinstance(found, ModelRefused):
                _LOG.error("model refused", extra={"model": self.model, "code": type(found).__name__})
                self._assess = None
                return
            self._assess, self._sha256 = assessor(found), kept.sha256


@dataclass(slots=True, kw_only=True)
class Clerk:
    """A thread that repeats a job until it is told to stop; a failed round is logged and tried again later."""

    name: str
    job: Callable[[], int]
    """Does what waits and returns how much it was."""
    pause: float
    """Seconds between rounds when nothing waits."""
    stop: Event = field(default_factory=Event)
    thread: Thread = field(init=False)

    def __post_init__(self) -> None:
        """Make the thread."""
        self.thread = Thread(target=self._work, name=self.name, daemon=True)

    def _work(self) -> None:
        failures = 0
        while not self.stop.is_set():
            try:
                done, failures = self.job(), 0
            except Exception:  # noqa: BLE001 - whatever it is, the next round may be well
                done, failures = 0, failures + 1
                _LOG.exception("clerk failed", extra={"clerk": self.name})
            if not done:
                self.stop.wait(min(30.0, self.pause * 2 ** min(failures, 8)))


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything introduced to everything."""

    settings: Settings
    database: Database
    desk: Desk
    bank_url: str | None
    clerks: tuple[Clerk, ...]
    dev_tokens: tuple[tuple[str, str], ...]
    app: ASGIApp


@contextmanager
def opened(settings: Settings, database_url: str, *, bank_url: str | None = None) -> Iterator[House]:
    """The house over a migrated database; its clerks are made and not started."""
    with ExitStack() as stack:
        sealed = {MAC_KEY_OPTION: settings.keys.journal}
        database = Database(database_url, timeouts=INTERACTIVE, name="zhudai-server", execution_options=sealed)
        stack.callback(database.dispose)
        if settings.anchor is not None:
            hold_anchors(database, settings.anchor, signer(settings))
        patient = Database(
            database_url, timeouts=UNLIMITED, name="zhudai-day", connections_max=2, execution_options=sealed
        )
        stack.callback(patient.dispose)
        vault = settings.vault
        scorer = Scorer(database=database, model=settings.model)
        desk = Desk(vault=vault, judge=Bench(assess=scorer, evaluate=evaluate_document), screen=identity_facts)
        address = settings.bank_url or bank_url
        bank = (
            None
            if address is None
            else stack.enter_context(BankClient(address, key=settings.bank_key, merchant=merchant(database)))
        )
        tokens = tuple(dev_tokens(settings, now=datetime.now(UTC))) if settings.development else ()
        edge = Edge(
            executor=executor(Limits()),
            store=database,
            house=Neighbours(desk=desk, repayments=Batcher(database, repay)),
            token_key=settings.keys.token,
            cursor_key=settings.keys.cursor,
            development=settings.development,
            dev_tokens=tokens,
            ready=lambda: _answers(database),
            receive_message=_receiver(database, desk),
        )
        yield House(
            settings=settings,
            database=database,
            desk=desk,
            bank_url=address,
            clerks=(
                *_clerks(database, desk, bank, partial(_sealed, database, signer(settings), settings.anchor)),
                day_clerk(patient),
            ),
            dev_tokens=tokens,
            app=application(edge),
        )


@contextmanager
def at_work(clerks: Sequence[Clerk]) -> Iterator[None]:
    """Let clerks work while the block lasts, and wait for their last round."""
    for one in clerks:
        one.thread.start()
    try:
        yield
    finally:
        for one in clerks:
            one.stop.set()
        for one in clerks:
            one.thread.join(10)


def serve(house: House, *, ready: Callable[[], None]) -> None:
    """Answer until SIGINT or SIGTERM; what is being answered then is finished first."""
    config = uvicorn.Config(
        house.app,
        host=house.settings.host,
        port=house.settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=10,
        timeout_keep_alive=30,
        lifespan="on",
    )
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, _noted)  # uvicorn gives the signal on when it has drained, and we have our own to put away
    _Told(config, ready).run()


def _noted(_number: int, _frame: object) -> None:
    """Let a signal pass that has done its work."""


class _Told(uvicorn.Server):
    """A server that says when it listens."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def dev_tokens(settings: Settings, *, now: datetime) -> Iterator[tuple[str, str]]:
    """One log-in per role for a machine of one's own: the demonstration's channel, and its first borrower."""
    assert settings.development, "log-ins for everybody exist in development only"
    for role in Role:
        viewer = Viewer(
            subject=f"{role}-1".replace("_", "-"),
            role=role,
            channel_id=1 if role is Role.PARTNER else None,
            customer_id=1 if role is Role.BORROWER else None,
        )
        yield role.value, auth.mint(viewer, key=settings.keys.token, expires_at=now + timedelta(days=TOKEN_DAYS))


def merchant(database: Database) -> str:
    """Our name at the bank: every database has its own, and with it its own order numbers."""
    with database.snapshot() as conn:
        cluster, number = conn.execute(
            text(
                "SELECT c.system_identifier, d.oid FROM pg_control_system() c, pg_database d"
                " WHERE d.datname = current_database()"
            )
        ).one()
    return f"zhudai-{cluster}-{number}"


def today(conn: Connection) -> date:
    """The date that the books are on."""
    return days.business_date(conn, today=datetime.now(SHANGHAI).date())


def signer(settings: Settings) -> Signer:
    """Who signs the checkpoints of the journal."""
    return Signer.from_seed(SIGNER, settings.keys.seal)


def seal_books(database: Database, by: Signer) -> dict[int, Sealed | EntryMissing]:
    """Sign what each book's numbered journal is now, a transaction for each; by number of book."""
    numbers = database.run(lambda conn: [one.book_id for one in books.books(conn)])
    return {number: database.run(partial(seal, book=number, signers=[by], origin=SIGNER)) for number in numbers}


class AnchorsBroken(Exception):
    """The database does not continue a checkpoint that was kept elsewhere; nothing may be posted to it."""

    def __init__(self, broken: AnchorBroken) -> None:
        """Keep the stable code beside the sentence."""
        super().__init__(broken.detail)
        self.code = broken.code.value


def hold_anchors(database: Database, directory: Path, by: Signer) -> None:
    """Hold every note in a directory against the database; raises AnchorsBroken at the first that it does not continue.

    A backup from before the newest note would take new entries under numbers that were signed for others.
    """
    notes = [path.read_text(encoding="utf-8") for path in sorted(directory.glob("*.note"))]
    with database.snapshot() as conn:
        for broken in broken_anchors(conn, notes=notes, verifiers=[by.verifier], origin=SIGNER):
            raise AnchorsBroken(broken)


def keep_note(directory: Path, book: int, made: Sealed) -> None:
    """Write a signed checkpoint into a directory, whole or not at all; one that is there stays as it is."""
    path = directory / f"book-{book}-{made.size}.note"
    if made.note is not None and not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(made.note, encoding="utf-8")
        unfinished.rename(path)


def _sealed(database: Database, by: Signer, anchor: Path | None) -> int:
    """Sign what is numbered, and keep the notes out of the database's reach; there is never more to do at once."""
    for book, made in seal_books(database, by).items():
        if isinstance(made, EntryMissing):
            _LOG.error("an entry is missing", extra={"book": book, "seq": made.seq})
        elif anchor is not None:
            keep_note(anchor, book, made)
    return 0


def _answers(database: Database) -> bool:
    """Whether the database answers."""
    with database.snapshot() as conn:
        return conn.scalar(select(1)) == 1


def _receiver(database: Database, desk: Desk) -> Callable[[bytes, datetime], bytes]:
    """The channel's door: each message in a transaction of its own."""
    handlers = Business(vault=desk.vault)

    def receive(raw: bytes, at: datetime, /) -> bytes:
        taken = database.run(
            lambda conn: channels.receive(conn, raw, received_at=at, vault=desk.vault, handlers=handlers)
        )
        return taken.encoded(at=at)

    return receive


def _clerks(
    database: Database, desk: Desk, bank: BankClient | None, seal_numbered: Callable[[], int]
) -> tuple[Clerk, ...]:
    """The threads of a server; without a bank nobody speaks to one."""

    def command(what: str) -> Command:
        now = datetime.now(UTC)
        return Command(actor=ACTOR, key=f"clerk/{what}/{now.isoformat()}", received_at=now)

    def number_entries() -> int:
        numbers = database.run(lambda conn: [one.book_id for one in books.books(conn)])
        return sum(database.run(partial(sequencer.sequence, book=book)) for book in numbers)

    def walk_applications() -> int:
        waiting = database.run(lambda conn: applications.pending(conn, limit=100))
        for number in waiting:
            database.run(partial(_walk, application_id=number, desk=desk, command=command(f"walk/{number}")))
        return len(waiting)

    clerks = [
        Clerk(name="sealer", job=seal_numbered, pause=SEAL_PAUSE),
        Clerk(name="sequencer", job=number_entries, pause=0.1),
        Clerk(name="approval", job=walk_applications, pause=0.5),
    ]
    if bank is None:
        return tuple(clerks)
    channel, cards = Channel(gateway=bank), CustomerCards(desk.vault)

    def send_orders() -> int:
        waiting = database.run(lambda conn: orders.waiting(conn, limit=500))
        if waiting:
            told = command("send")
            effect = BankAnswers(on=database.run(today), command=told)
            payments.dispatch(database, channel, cards, waiting, command=told, effect=effect)
        return len(waiting)

    def ask_again() -> int:
        told = command("query")
        on = database.run(today)
        effect = BankAnswers(on=on, command=told)
        payments.resolve_unknown(database, channel, at=told.received_at, on=on, command=told, effect=effect)
        return 0

    return (*clerks, Clerk(name="payment", job=send_orders, pause=0.5), Clerk(name="query", job=ask_again, pause=15))


class Stopped(Exception):
    """The server ends; what was begun is resumed by the next one."""


@dataclass(frozen=True, slots=True)
class Stoppable:
    """Transactions of work that takes long: when the server is told to end, no further one is begun."""

    database: Database
    stop: Event

    def run(self, fn: Callable[[Connection], T], /) -> T:
        """Run a function in one transaction, unless the server ends."""
        if self.stop.is_set():
            raise Stopped
        return self.database.run(fn)


def day_clerk(database: Database) -> Clerk:
    """The clerk that closes the business date that was begun, by whomever, and goes on where another one stopped."""
    stop = Event()

    def close_begun() -> int:
        on = database.run(days.begun)
        if on is None:
            return 0
        told = Command(actor=ACTOR, key=f"clerk/close/{on}", received_at=datetime.now(UTC))
        try:
            closed = closing.close_day(Stoppable(database, stop), on, command=told)
        except Stopped:
            return 0
        if isinstance(closed, Refusal):
            _LOG.error("close of business refused", extra={"business_date": str(on), "code": closed.code})
            return 0
        _LOG.info("business date closed", extra={"business_date": str(on)})
        return 1

    return Clerk(name="day", job=close_begun, pause=1.0, stop=stop)


def _walk(conn: Connection, *, application_id: int, desk: Desk, command: Command) -> None:
    """Take one application as far as the machine can."""
    origination.advance_until_waiting(conn, application_id, desk=desk, on=today(conn), command=command)


class JsonLines(logging.Formatter):
    """One JSON object per line: time, level, what happened, and the named facts of the record."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record; the traceback is a field."""
        told: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **{name: value for name, value in vars(record).items() if name not in _STANDARD},
        }
        if record.exc_info:
            told["error"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False, default=str)


class TextLines(logging.Formatter):
    """The same for people: time, level, what happened, name=value."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        at = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S")
        named = " ".join(f"{name}={value}" for name, value in vars(record).items() if name not in _STANDARD)
        error = "\n" + self.formatException(record.exc_info) if record.exc_info else ""
        return f"{at} {record.levelname.lower():7} {record.getMessage()} {named}{error}"


_STANDARD: Final = frozenset({*vars(logging.makeLogRecord({})), "message", "asctime", "color_message"})


def log(*, as_json: bool, level: int = logging.INFO) -> None:
    """Send every log line to stderr, as JSON or for people."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if as_json else TextLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "httpx", "alembic"):
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
