"""The way to the sandbox bank over HTTP: keep-alive, a time-out, signed both ways, no exception for a network fault.

`BankClient` has the shape of a payment gateway without knowing ours. Whatever goes wrong on the way comes back as a
reply with a transport code (TIME_OUT, CONNECTION_LOST, HTTP_nnn, UNREADABLE, SIGNATURE_BAD) that is no bank's code:
nothing is known then. One client may be used by many threads.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import TracebackType
from typing import Protocol, Self

import httpx

from sandbox import signature

BATCH_MAX = 500
"""Orders in one call."""


class CardLike(Protocol):
    """What the bank wants to know about a card."""

    @property
    def number(self) -> str:
        """Card number."""

    @property
    def holder(self) -> str:
        """Name of its holder."""

    @property
    def identity_number(self) -> str:
        """Number of the holder's identity document."""

    @property
    def mobile(self) -> str:
        """Mobile number left with the bank."""


class OrderLike(Protocol):
    """What the bank wants to know about an order."""

    @property
    def order_no(self) -> str:
        """Number given by the caller."""

    @property
    def amount_minor(self) -> int:
        """Whole minor units; zero for a check."""

    @property
    def currency(self) -> str:
        """ISO 4217 code."""

    @property
    def business_on(self) -> date:
        """Business date of the caller."""

    @property
    def card(self) -> CardLike:
        """The card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankReply:
    """What was heard about one order."""

    order_no: str
    code: str
    """The bank's code, or a transport code."""
    message: str = ""
    bank_no: str = ""
    amount_minor: int | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class DayFile:
    """The bank's file of a date, or the transport code that came instead."""

    body: bytes | None
    code: str = ""


class Unheard(Exception):
    """No readable, signed answer came; `code` says what came instead."""

    def __init__(self, code: str) -> None:
        """Name what came instead."""
        super().__init__(code)
        self.code = code


class BankClient:
    """A keep-alive connection to one sandbox bank in the name of one merchant."""

    def __init__(self, url: str, *, key: bytes, merchant: str = "zhudai", timeout_seconds: float = 5.0) -> None:
        """Remember where and who; nothing is sent yet."""
        self._key = key
        self._merchant = merchant
        self._http = httpx.Client(base_url=url, timeout=timeout_seconds, trust_env=False)

    def __enter__(self) -> Self:
        """Use as a context that closes the connections."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def check_cards(self, requests: Sequence[OrderLike]) -> list[BankReply]:
        """Ask whether cards are good."""
        return self._ask("card-checks", requests)

    def pay(self, requests: Sequence[OrderLike]) -> list[BankReply]:
        """Pay out to cards."""
        return self._ask("payments", requests)

    def collect(self, requests: Sequence[OrderLike]) -> list[BankReply]:
        """Debit cards."""
        return self._ask("collections", requests)

    def query(self, order_nos: Sequence[str]) -> list[BankReply]:
        """Ask what became of orders."""
        return self._ask_numbers("/v1/orders:query", order_nos)

    def close_orders(self, order_nos: Sequence[str]) -> list[BankReply]:
        """Void numbers that the bank does not know."""
        return self._ask_numbers("/v1/orders:close", order_nos)

    def day_file(self, business_on: date) -> DayFile:
        """The file of a date."""
        try:
            return DayFile(self._call("GET", f"/v1/day-file?date={business_on.isoformat()}"))
        except Unheard as silence:
            return DayFile(None, silence.code)

    def script(self, *, behaviour: str, order_no: str | None = None, card_suffix: str | None = None) -> bool:
        """Tell the sandbox how an order or a card goes from now on; False when it did not hear."""
        target = {"orderNo": order_no} if card_suffix is None else {"cardSuffix": card_suffix}
        try:
            self._call("POST", "/v1/script", target | {"behaviour": behaviour})
        except Unheard:
            return False
        return True

    def _ask(self, word: str, requests: Sequence[OrderLike]) -> list[BankReply]:
        orders = [_order(request) for request in requests]
        if len(orders) == 1:
            return self._heard(f"/v1/{word}", orders[0], [requests[0].order_no])
        return [
            reply
            for start in range(0, len(orders), BATCH_MAX)
            for reply in self._heard(
                f"/v1/{word}:batch",
                {"orders": orders[start : start + BATCH_MAX]},
                [request.order_no for request in requests[start : start + BATCH_MAX]],
            )
        ]

    def _ask_numbers(self, target: str, order_nos: Sequence[str]) -> list[BankReply]:
        return [
            reply
            for start in range(0, len(order_nos), BATCH_MAX)
            for reply in self._heard(
                target,
                {"orderNos": list(order_nos[start : start + BATCH_MAX])},
                order_nos[start : start + BATCH_MAX],
            )
        ]

    def _heard(self, target: str, content: Mapping[str, object], order_nos: Sequence[str]) -> list[BankReply]:
        try:
            return _replies(self._call("POST", target, content))
        except Unheard as silence:
            return [BankReply(order_no=order_no, code=silence.code) for order_no in order_nos]

    def _call(self, method: str, target: str, content: Mapping[str, object] | None = None) -> bytes:
        body = b"" if content is None else json.dumps(content).encode()
        signed = signature.of_request(self._key, merchant=self._merchant, method=method, target=target, body=body)
        headers = {signature.HEADER: signed, signature.MERCHANT: self._merchant, "content-type": "application/json"}
        try:
            response = self._http.request(method, target, content=body, headers=headers)
        except httpx.TimeoutException as silence:
            raise Unheard("TIME_OUT") from silence
        except httpx.RequestError as broken:
            raise Unheard("CONNECTION_LOST") from broken
        wanted = signature.of_reply(
            self._key, request_signature=signed, status=response.status_code, body=response.content
        )
        if response.status_code != httpx.codes.OK:
            raise Unheard(f"HTTP_{response.status_code}")
        if not signature.equal(response.headers.get(signature.HEADER, ""), wanted):
            raise Unheard("SIGNATURE_BAD")
        return response.content


def _order(request: OrderLike) -> dict[str, object]:
    return {
        "orderNo": request.order_no,
        "amount": request.amount_minor,
        "currency": request.currency,
        "businessDate": request.business_on.isoformat(),
        "card": {
            "number": request.card.number,
            "holder": request.card.holder,
            "identityNumber": request.card.identity_number,
            "mobile": request.card.mobile,
        },
    }


def _replies(body: bytes) -> list[BankReply]:
    """The orders of an answer; anything of another shape is unreadable as a whole."""
    try:
        content = json.loads(body)
        return [_reply(one) for one in content.get("orders", [content])]
    except (ValueError, TypeError, KeyError, AttributeError) as wrong:
        raise Unheard("UNREADABLE") from wrong


def _reply(one: Mapping[str, object]) -> BankReply:
    amount = one.get("amount")
    if amount is not None and type(amount) is not int:
        raise TypeError("amount is whole minor units")
    return BankReply(
        order_no=str(one["orderNo"]),
        code=str(one["code"]),
        message=str(one.get("message", "")),
        bank_no=str(one.get("bankNo", "")),
        amount_minor=amount,
        currency=str(one.get("currency", "")),
    )
