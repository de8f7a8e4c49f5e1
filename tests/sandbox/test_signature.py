"""Signatures of requests and replies."""

from hypothesis import given
from hypothesis import strategies as st

from sandbox import signature


def test_a_request_signature_is_a_published_number() -> None:
    signed = signature.of_request(b"key", merchant="m", method="POST", target="/v1/payments", body=b"{}")
    assert signed == "f6f4e04810161ddef9306f00e9bd5a5a184af00d2ff1b080485fdf4b5acc3a46"


@given(st.text(), st.text(), st.binary(), st.text(), st.text(), st.binary())
def test_other_parts_make_another_signature(
    merchant: str, target: str, body: bytes, other_merchant: str, other_target: str, other_body: bytes
) -> None:
    one = signature.of_request(b"key", merchant=merchant, method="GET", target=target, body=body)
    other = signature.of_request(b"key", merchant=other_merchant, method="GET", target=other_target, body=other_body)
    same = (merchant, target, body) == (other_merchant, other_target, other_body)
    assert signature.equal(one, other) is same


def test_a_reply_is_bound_to_its_request_and_status() -> None:
    told = {
        signature.of_reply(b"key", request_signature=request, status=status, body=b"{}")
        for request in ("a", "b")
        for status in (200, 500)
    }
    assert len(told) == 4
