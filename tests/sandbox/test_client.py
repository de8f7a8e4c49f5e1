"""Whatever a network or a forger does comes back as a transport code."""

from collections.abc import Callable

import httpx
import pytest

from sandbox import signature
from sandbox.client import BankClient

KEY = b"k"


def signed(body: bytes, status: int = 200) -> Callable[[httpx.Request], httpx.Response]:
    """A handler that signs whatever it says, as the bank would."""

    def handle(request: httpx.Request) -> httpx.Response:
        of_request = request.headers[signature.HEADER]
        mac = signature.of_reply(KEY, request_signature=of_request, status=status, body=body)
        return httpx.Response(status, content=body, headers={signature.HEADER: mac})

    return handle


def failing(error: type[httpx.RequestError]) -> Callable[[httpx.Request], httpx.Response]:
    def handle(request: httpx.Request) -> httpx.Response:
        raise error("no", request=request)

    return handle


def forged(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"orderNo": "X", "code": "0000"}, headers={signature.HEADER: "00"})


@pytest.mark.parametrize(
    ("handler", "code"),
    [
        (signed(b'{"orders": [{"orderNo": "X", "code": "0000"}]}'), "0000"),
        (signed(b'{"orderNo": "X", "code": "0000", "amount": 5}'), "0000"),
        (forged, "SIGNATURE_BAD"),
        (signed(b'{"orders": [{"orderNo": "X", "code": "0000"}]}', 500), "HTTP_500"),
        (signed(b'{"orders": [{"ord'), "UNREADABLE"),
        (signed(b"[]"), "UNREADABLE"),
        (signed(b'{"orders": [1]}'), "UNREADABLE"),
        (signed(b'{"orders": [{"orderNo": "X"}]}'), "UNREADABLE"),
        (signed(b'{"orderNo": "X", "code": "0000", "amount": 5.5}'), "UNREADABLE"),
        (signed(b"\xff"), "UNREADABLE"),
        (failing(httpx.ReadTimeout), "TIME_OUT"),
        (failing(httpx.ConnectTimeout), "TIME_OUT"),
        (failing(httpx.ConnectError), "CONNECTION_LOST"),
        (failing(httpx.ReadError), "CONNECTION_LOST"),
        (failing(httpx.RemoteProtocolError), "CONNECTION_LOST"),
    ],
)
def test_every_end_of_a_call_has_its_code(handler: Callable[[httpx.Request], httpx.Response], code: str) -> None:
    client = BankClient("http://bank", key=KEY)
    client._http = httpx.Client(transport=httpx.MockTransport(handler), base_url="http://bank")
    assert [(one.order_no, one.code) for one in client.query(["X"])] == [("X", code)]
    client.close()
