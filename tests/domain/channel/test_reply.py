from __future__ import annotations

import json
from datetime import UTC, datetime

from domain.channel.envelope import FieldMissing
from domain.channel.reply import Answer, Reply, Status, refused
from domain.channel.signature import canonical, matches
from domain.party.partner import ChannelKey, SignType
from domain.refusals import Invalid, KeyReused

AT = datetime(2026, 3, 5, 2, 0, tzinfo=UTC)
KEY = ChannelKey(key_id="k1", sign_type=SignType.HMAC_SHA256, material=b"s" * 32, valid_from=AT)


def test_an_answer_says_its_status_and_ok() -> None:
    body = Reply(request_no="RQ-1", answer=Answer(status=Status.PROCESSING, data={"applicationNo": "ap_1"})).body(at=AT)
    assert body == {
        "requestNo": "RQ-1",
        "timestamp": "2026-03-05T02:00:00+00:00",
        "status": "PROCESSING",
        "code": "OK",
        "message": None,
        "retryable": False,
        "isReplay": False,
        "faults": [],
        "bizContent": {"applicationNo": "ap_1"},
    }


def test_a_refusal_speaks_the_readers_language_and_names_its_fields() -> None:
    reply = refused(Invalid(faults=(FieldMissing(field="a"), KeyReused())), request_no="RQ-1")
    english = reply.body(at=AT, locale="en")
    assert (english["status"], english["code"]) == ("FAIL", "INPUT_INVALID")
    assert english["faults"] == [
        {"field": "a", "code": "FIELD_MISSING", "message": "the field is missing"},
        {
            "field": None,
            "code": "IDEMPOTENT_CONFLICT",
            "message": "this key was already used for a request with other content",
        },
    ]
    one = refused(FieldMissing(field="a")).body(at=AT)
    assert one["faults"] == [{"field": "a", "code": "FIELD_MISSING", "message": "缺少字段"}]
    assert refused(KeyReused()).body(at=AT)["faults"] == []


def test_a_reply_is_signed_like_a_message() -> None:
    raw = Reply(request_no="RQ-1", answer=Answer(status=Status.SUCCESS), key=KEY).encoded(at=AT)
    body = json.loads(raw)
    assert matches(canonical(body), body["sign"], KEY)
