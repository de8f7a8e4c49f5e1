"""The sandbox bank's own durable books: one SQLite file; what was acknowledged survives `kill -9` and power loss.

Every public method is one transaction that is on disk before it returns.
"""

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sandbox.behaviour import BY_SUFFIX, CODE_OF, MESSAGES, NOT_ARRIVED, Behaviour

SETTLING_QUERIES = 2
"""The query at which a late order shows its result."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS payment (
  merchant TEXT NOT NULL, order_no TEXT NOT NULL, kind TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL,
  business_on TEXT NOT NULL, card_tail TEXT NOT NULL, fee INTEGER NOT NULL, status TEXT NOT NULL, code TEXT NOT NULL,
  bank_no TEXT NOT NULL, behaviour TEXT NOT NULL, queries INTEGER NOT NULL, content TEXT NOT NULL,
  PRIMARY KEY (merchant, order_no));
CREATE INDEX IF NOT EXISTS payment_by_day ON payment (merchant, business_on, order_no);
CREATE TABLE IF NOT EXISTS script (target TEXT PRIMARY KEY, behaviour TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS day_file (
  merchant TEXT NOT NULL, business_on TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (merchant, business_on));
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a caller asks for."""

    order_no: str
    kind: str
    """CHECK, PAY or COLLECT."""
    amount: int
    """Minor units."""
    currency: str
    business_on: str
    card_number: str

    @property
    def content(self) -> str:
        """Hash by which the same order asked twice is recognised."""
        return hashlib.sha256(
            json.dumps([self.kind, self.amount, self.currency, self.business_on, self.card_number]).encode()
        ).hexdigest()


class Books:
    """The bank's orders, scripts and day files in one file."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it."""
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def behaviour(self, order: Order) -> Behaviour:
        """How an order will go: a script for its number, else one for its card's last digits, else the built-in one."""
        tail = order.card_number[-4:]
        rows = self._db.execute(
            "SELECT target, behaviour FROM script WHERE target IN (?, ?)", (f"order:{order.order_no}", f"card:{tail}")
        ).fetchall()
        scripted = {row["target"]: Behaviour(row["behaviour"]) for row in rows}
        by_card = scripted.get(f"card:{tail}", BY_SUFFIX.get(tail, Behaviour.OK))
        return scripted.get(f"order:{order.order_no}", by_card)

    def script(self, *, target: str, behaviour: Behaviour) -> None:
        """Set what happens to an order number (`order:…`) or to a card's last four digits (`card:…`)."""
        with self._transaction():
            self._db.execute("INSERT OR REPLACE INTO script VALUES (?, ?)", (target, behaviour.value))

    def take(self, merchant: str, orders: Sequence[Order]) -> list[dict[str, object]]:
        """Execute orders, each number once for ever; an order asked again gets the answer as it is now."""
        with self._transaction():
            return [self._taken(merchant, order) for order in orders]

    def query(self, merchant: str, order_nos: Sequence[str]) -> list[dict[str, object]]:
        """What became of orders; a late one settles at its second query."""
        with self._transaction():
            return [self._queried(merchant, order_no) for order_no in order_nos]

    def void(self, merchant: str, order_nos: Sequence[str]) -> list[dict[str, object]]:
        """Void numbers that are not known, for ever; a known order answers as it is."""
        with self._transaction():
            return [self._voided(merchant, order_no) for order_no in order_nos]

    def day_file(self, merchant: str, business_on: date) -> bytes:
        """The file of a date. Made once: afterwards orders of that date are booked on the next open date."""
        day = business_on.isoformat()
        with self._transaction():
            row = self._db.execute(
                "SELECT body FROM day_file WHERE merchant = ? AND business_on = ?", (merchant, day)
            ).fetchone()
            if row is not None:
                return bytes(row["body"])
            for late in (Behaviour.LATE_SUCCESS, Behaviour.LATE_FAILURE):
                self._db.execute(
                    "UPDATE payment SET status = ?, code = ? "
                    "WHERE merchant = ? AND business_on = ? AND behaviour = ? AND status = 'PROCESSING'",
                    (*_settled(late), merchant, day, late.value),
                )
            body = _file(merchant, day, self._rows_of_day(merchant, day))
            self._db.execute("INSERT INTO day_file VALUES (?, ?, ?)", (merchant, day, body))
            return body

    def _taken(self, merchant: str, order: Order) -> dict[str, object]:
        known = self._known(merchant, order.order_no)
        if known is not None:
            if known["status"] == "CLOSED" or known["content"] == order.content:
                return _answer(known)
            return _plain(order.order_no, "X-ORD-409")
        behaviour = self.behaviour(order)
        if behaviour in NOT_ARRIVED and order.kind != "CHECK":
            return _plain(order.order_no, "P-ORD-001")
        status, code = _first(order, behaviour)
        amount = order.amount + (behaviour is Behaviour.WRONG_AMOUNT and order.kind != "CHECK")
        self._insert(merchant, order, status=status, code=code, amount=amount, behaviour=behaviour)
        taken = self._known(merchant, order.order_no)
        assert taken is not None, "written a line above"
        return _answer(taken)

    def _insert(
        self, merchant: str, order: Order, *, status: str, code: str, amount: int, behaviour: Behaviour
    ) -> None:
        self._db.execute(
            "INSERT INTO payment VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, "
            "printf('BK%012d', (SELECT coalesce(max(rowid), 0) + 1 FROM payment)), ?, 0, ?)",
            (
                merchant,
                order.order_no,
                order.kind,
                amount,
                order.currency,
                self._open_date(merchant, order.business_on),
                order.card_number[-4:],
                status,
                code,
                behaviour.value,
                order.content,
            ),
        )

    def _open_date(self, merchant: str, asked: str) -> str:
        last = self._db.execute("SELECT max(business_on) FROM day_file WHERE merchant = ?", (merchant,)).fetchone()[0]
        if last is None or asked > last:
            return asked
        return (date.fromisoformat(last) + timedelta(days=1)).isoformat()

    def _queried(self, merchant: str, order_no: str) -> dict[str, object]:
        known = self._known(merchant, order_no)
        if known is None:
            return _plain(order_no, "N-ORD-001")
        if known["status"] != "PROCESSING":
            return _answer(known)
        late = Behaviour(known["behaviour"])
        queries = known["queries"] + 1
        status, code = known["status"], known["code"]
        if queries >= SETTLING_QUERIES and late in {Behaviour.LATE_SUCCESS, Behaviour.LATE_FAILURE}:
            status, code = _settled(late)
        self._db.execute(
            "UPDATE payment SET queries = ?, status = ?, code = ? WHERE merchant = ? AND order_no = ?",
            (queries, status, code, merchant, order_no),
        )
        return _answer({**dict(known), "status": status, "code": code})

    def _voided(self, merchant: str, order_no: str) -> dict[str, object]:
        known = self._known(merchant, order_no)
        if known is not None:
            return _answer(known)
        self._db.execute(
            "INSERT INTO payment VALUES (?, ?, 'VOID', 0, '', '', '', 0, 'CLOSED', 'C-ORD-001', '', 'OK', 0, '')",
            (merchant, order_no),
        )
        return _plain(order_no, "C-ORD-001")

    def _known(self, merchant: str, order_no: str) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._db.execute(
            "SELECT * FROM payment WHERE merchant = ? AND order_no = ?", (merchant, order_no)
        ).fetchone()
        return row

    def _rows_of_day(self, merchant: str, day: str) -> list[sqlite3.Row]:
        return self._db.execute(
            "SELECT * FROM payment WHERE merchant = ? AND business_on = ? AND kind IN ('PAY', 'COLLECT') "
            "ORDER BY order_no",
            (merchant, day),
        ).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")


def _first(order: Order, behaviour: Behaviour) -> tuple[str, str]:
    """Status and code with which an order is booked."""
    if order.kind == "CHECK":
        fails = behaviour in {Behaviour.CARD_INVALID, Behaviour.HOLDER_MISMATCH}
        return ("FAILED", CODE_OF[behaviour]) if fails else ("SUCCESS", "0000")
    if behaviour in {Behaviour.LATE_SUCCESS, Behaviour.LATE_FAILURE, Behaviour.PROCESSING_FOR_EVER}:
        return "PROCESSING", "P-ORD-001"
    if behaviour is Behaviour.BALANCE_SHORT and order.kind != "COLLECT":
        return "SUCCESS", "0000"
    code = CODE_OF.get(behaviour)
    return ("SUCCESS", "0000") if code is None else ("FAILED", code)


def _settled(late: Behaviour) -> tuple[str, str]:
    return ("SUCCESS", "0000") if late is Behaviour.LATE_SUCCESS else ("FAILED", CODE_OF[late])


def _answer(row: Mapping[str, object] | sqlite3.Row) -> dict[str, object]:
    """An order as the bank tells it."""
    if row["status"] == "CLOSED":
        return _plain(str(row["order_no"]), str(row["code"]))
    return {
        "orderNo": row["order_no"],
        "code": row["code"],
        "message": MESSAGES[str(row["code"])],
        "bankNo": row["bank_no"],
        "amount": row["amount"],
        "currency": row["currency"],
        "businessDate": row["business_on"],
        "status": row["status"],
    }


def _plain(order_no: str, code: str) -> dict[str, object]:
    return {"orderNo": order_no, "code": code, "message": MESSAGES[code], "bankNo": ""}


def _file(merchant: str, day: str, rows: Sequence[sqlite3.Row]) -> bytes:
    """Header, a row per payment, and a trailer with count, sum of amounts and SHA-256 of all lines before it."""
    lines = [f"H|SANDBOX-BANK|{merchant}|{day}|1"]
    lines += [
        "|".join(
            str(row[name])
            for name in ("order_no", "bank_no", "kind", "amount", "currency", "business_on", "status", "fee")
        )
        for row in rows
    ]
    body = "".join(f"{line}\n" for line in lines).encode()
    total = sum(row["amount"] for row in rows)
    return body + f"T|{len(rows)}|{total}|{hashlib.sha256(body).hexdigest()}\n".encode()
