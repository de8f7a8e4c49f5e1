"""The sandbox bank: `python -m sandbox.bank --port 8700 --state DIR`.

A process of its own with its own durable books (`DIR/books.sqlite3`); whatever it acknowledged survives `kill -9`.
Requests and replies are signed with HMAC-SHA256 (`sandbox.signature`; the key is `SANDBOX_BANK_KEY`), amounts are whole
minor units, and the business date comes with each request.

    POST /v1/card-checks           one order: is the card good
    POST /v1/payments              one order: pay out
    POST /v1/collections           one order: debit
    POST /v1/card-checks:batch     {"orders": [...]}, at most 500; likewise payments:batch and collections:batch
    GET  /v1/payments/{orderNo}    what became of an order
    POST /v1/orders:query          {"orderNos": [...]}: what became of orders
    POST /v1/orders:close          {"orderNos": [...]}: void numbers that are not known
    GET  /v1/day-file?date=D       the file of a date, made once
    POST /v1/script                {"orderNo" or "cardSuffix": ..., "behaviour": ...}
    GET  /health                   unsigned

An order is {"orderNo", "amount", "currency", "businessDate", "card": {"number", "holder", "identityNumber", "mobile"}};
its number is executed once for ever. Codes: 0000 success; F-* definite failure; P-ORD-001 processing; N-ORD-001 not
found; C-ORD-001 closed; X-ORD-409 number used for another order.

The last four digits of the card decide what happens, a script for them or for an order number decides otherwise:

    9001  card invalid                           9007  executed with one minor unit too much
    9002  holder does not match                  9008  processing for ever
    9003  a collection finds the balance short   9009  request lost: no answer, no query finds it
    9004  no answer in time, later success       9010  executed, reply torn in its middle
    9005  no answer in time, later failure       9011  HTTP 503, nothing executed
    9006  executed, reply lost                   9012  check passes, payment refused

"Later" is the second query, or the day file. A single order without an answer in time is held for `--hold-seconds`; in
a batch it answers as processing, while a lost or torn reply loses or tears the reply of the whole batch.

The day file is UTF-8, lines end with LF: `H|SANDBOX-BANK|merchant|date|1`, then
`orderNo|bankNo|PAY or COLLECT|amount|currency|businessDate|SUCCESS or FAILED or PROCESSING|fee` per payment, then
`T|count|sum of amounts|SHA-256 of all lines before`. Orders that come for a date whose file is made are booked on the
next open date.
"""

import argparse
import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox import signature
from sandbox.behaviour import BROKEN, SILENT, Behaviour
from sandbox.books import Books, Order
from sandbox.leash import hold

BATCH_MAX = 500
BODY_MAX = 1_000_000
DEVELOPMENT_KEY = "sandbox-bank-development-key"
"""Good for a machine of one's own; `SANDBOX_BANK_KEY` replaces it."""

KIND_OF = {"payments": "PAY", "collections": "COLLECT", "card-checks": "CHECK"}
"""Path word to the kind of order in the books."""


class BadRequest(Exception):
    """The request is not what the bank understands."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A request whose signature was good."""

    merchant: str
    signature: str
    body: bytes

    def json(self) -> Mapping[str, object]:
        """The body as a JSON object."""
        try:
            found = json.loads(self.body)
        except ValueError as wrong:
            raise BadRequest("not JSON") from wrong
        if not isinstance(found, dict):
            raise BadRequest("not an object")
        return found


class Broken(Response):
    """A reply that ends after some of its bytes; the connection closes."""

    def __init__(self, whole: bytes, *, sent: int) -> None:
        """Announce the whole and send only the first bytes."""
        super().__init__(whole, media_type="application/json")
        self.sent = sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the announced length, then too little; the server closes the connection."""
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": bytes(self.body)[: self.sent], "more_body": True})


@dataclass(frozen=True, slots=True)
class Bank:
    """The bank's counter: reads a signed request, asks the books, signs the reply."""

    books: Books
    key: bytes
    hold_seconds: float

    def app(self) -> Starlette:
        """The HTTP application."""
        orders = [
            Route(f"/v1/{word}{suffix}", self._guarded(self._orders), methods=["POST"])
            for word in KIND_OF
            for suffix in ("", ":batch")
        ]
        return Starlette(
            routes=[
                Route("/health", _health),
                *orders,
                Route("/v1/payments/{order_no}", self._guarded(self._query_one)),
                Route("/v1/orders:query", self._guarded(self._query), methods=["POST"]),
                Route("/v1/orders:close", self._guarded(self._close), methods=["POST"]),
                Route("/v1/day-file", self._guarded(self._day_file)),
                Route("/v1/script", self._guarded(self._script), methods=["POST"]),
            ]
        )

    def _guarded(
        self, answer: Callable[[Request, Signed], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Check the signature before anything else, and sign what is answered."""

        async def guarded(request: Request) -> Response:
            body = await request.body()
            merchant = request.headers.get(signature.MERCHANT, "")
            given = request.headers.get(signature.HEADER, "")
            target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            wanted = signature.of_request(self.key, merchant=merchant, method=request.method, target=target, body=body)
            if not merchant or not signature.equal(given, wanted):
                return Response("signature is not good\n", status_code=401)
            if len(body) > BODY_MAX:
                return Response("body too large\n", status_code=413)
            try:
                response = await answer(request, Signed(merchant, given, body))
            except BadRequest as wrong:
                response = Response(f"{wrong}\n", status_code=400)
            response.headers[signature.HEADER] = signature.of_reply(
                self.key, request_signature=given, status=response.status_code, body=bytes(response.body)
            )
            return response

        return guarded

    async def _orders(self, request: Request, signed: Signed) -> Response:
        word, _, batch = request.url.path.removeprefix("/v1/").partition(":")
        listed = signed.json().get("orders") if batch else [signed.json()]
        if not isinstance(listed, list) or not 1 <= len(listed) <= BATCH_MAX:
            raise BadRequest(f"orders is a list of 1 to {BATCH_MAX}")
        orders = [_order(one, kind=KIND_OF[word]) for one in listed]
        behaviours = [self.books.behaviour(order) for order in orders]
        answers = await run_in_threadpool(self.books.take, signed.merchant, orders)
        if word == "card-checks":
            return _json(answers, single=not batch)
        if not batch and behaviours[0] in SILENT:
            await asyncio.sleep(self.hold_seconds)
        if not batch and behaviours[0] is Behaviour.SERVER_ERROR:
            return Response("out of order\n", status_code=503)
        response = _json(answers, single=not batch)
        if BROKEN.intersection(behaviours):
            torn = Behaviour.LOST_REPLY not in behaviours
            return Broken(bytes(response.body), sent=len(response.body) // 2 if torn else 0)
        return response

    async def _query_one(self, request: Request, signed: Signed) -> Response:
        answers = await run_in_threadpool(self.books.query, signed.merchant, [request.path_params["order_no"]])
        return _json(answers, single=True)

    async def _query(self, request: Request, signed: Signed) -> Response:
        del request
        return _json(await run_in_threadpool(self.books.query, signed.merchant, _numbers(signed)), single=False)

    async def _close(self, request: Request, signed: Signed) -> Response:
        del request
        return _json(await run_in_threadpool(self.books.void, signed.merchant, _numbers(signed)), single=False)

    async def _day_file(self, request: Request, signed: Signed) -> Response:
        on = _date(request.query_params.get("date"))
        body = await run_in_threadpool(self.books.day_file, signed.merchant, on)
        return Response(body, media_type="text/plain; charset=utf-8")

    async def _script(self, request: Request, signed: Signed) -> Response:
        del request
        wish = signed.json()
        order_no, suffix = wish.get("orderNo"), wish.get("cardSuffix")
        if (order_no is None) == (suffix is None):
            raise BadRequest("a script names an orderNo or a cardSuffix")
        try:
            behaviour = Behaviour(str(wish.get("behaviour")))
        except ValueError as wrong:
            raise BadRequest("no such behaviour") from wrong
        target = f"card:{suffix}" if order_no is None else f"order:{order_no}"
        await run_in_threadpool(lambda: self.books.script(target=target, behaviour=behaviour))
        return _json([{"target": target, "behaviour": behaviour.value}], single=True)


async def _health(request: Request) -> Response:
    del request
    return Response("ok\n")


def _json(answers: Sequence[Mapping[str, object]], *, single: bool) -> Response:
    content = answers[0] if single else {"orders": answers}
    return Response(json.dumps(content), media_type="application/json")


def _order(wish: object, *, kind: str) -> Order:
    if not isinstance(wish, dict) or not isinstance(wish.get("card"), dict):
        raise BadRequest("an order is an object with a card")
    amount = wish.get("amount")
    if type(amount) is not int or amount < 0 or (amount == 0) != (kind == "CHECK"):
        raise BadRequest("amount is whole minor units")
    texts = {name: wish.get(name) for name in ("orderNo", "currency")} | {"number": wish["card"].get("number")}
    if not all(isinstance(text, str) and text for text in texts.values()):
        raise BadRequest("orderNo, currency and card.number are texts")
    return Order(
        order_no=str(texts["orderNo"]),
        kind=kind,
        amount=amount,
        currency=str(texts["currency"]),
        business_on=_date(wish.get("businessDate")).isoformat(),
        card_number=str(texts["number"]),
    )


def _numbers(signed: Signed) -> list[str]:
    numbers = signed.json().get("orderNos")
    if not isinstance(numbers, list) or len(numbers) > BATCH_MAX or not all(isinstance(one, str) for one in numbers):
        raise BadRequest(f"orderNos is a list of at most {BATCH_MAX} texts")
    return numbers


def _date(text: object) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError as wrong:
        raise BadRequest("a date is YYYY-MM-DD") from wrong


def main() -> None:
    """Serve on the loopback address until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.bank", description="The sandbox bank")
    parser.add_argument("--port", type=int, default=8700)
    parser.add_argument("--state", type=Path, required=True, help="directory of the bank's own books")
    parser.add_argument("--hold-seconds", type=float, default=30.0, help="how long an order without answer is held")
    parser.add_argument("--leashed", action="store_true", help="stop when standard input ends")
    options = parser.parse_args()
    if options.leashed:
        hold()
    options.state.mkdir(parents=True, exist_ok=True)
    books = Books(options.state / "books.sqlite3")
    key = os.environ.get("SANDBOX_BANK_KEY", DEVELOPMENT_KEY).encode()
    bank = Bank(books=books, key=key, hold_seconds=options.hold_seconds)
    uvicorn.run(
        bank.app(),
        host="127.0.0.1",
        port=options.port,
        log_level="critical",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    books.close()


if __name__ == "__main__":
    main()
