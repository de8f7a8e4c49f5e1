"""Answers to channel messages: one three-valued status, one code from the registry, the same text for a repetition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.channel.envelope import Json, compact
from domain.channel.signature import signed
from domain.party.partner import ChannelKey, SignType
from domain.refusals import Invalid, Refusal, text

OK = "OK"
"""Code of an answer that refuses nothing; what became of the business is said by `status`."""


class Status(StrEnum):
    """What became of the business; a message taken is not yet an application approved."""

    PROCESSING = "PROCESSING"
    SUCCESS = "SUCCESS"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the business says: a status and the data of the interface."""

    status: Status
    data: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the sender gets."""

    request_no: str | None
    """The request it answers; None when the message could not be read that far."""
    answer: Answer
    refusal: Refusal | None = None
    is_replay: bool = False
    """The business number was taken before with the same content; this is the answer of then."""
    key: ChannelKey | None = field(default=None, repr=False)
    """The channel's shared key, when the answer can be signed with it."""

    @property
    def status(self) -> Status:
        """What became of the business."""
        return self.answer.status

    @property
    def code(self) -> str:
        """`OK`, or the code of the refusal."""
        return OK if self.refusal is None else self.refusal.code

    def body(self, *, at: datetime, locale: str = "zh-CN") -> dict[str, Json]:
        """Return the reply as JSON data, signed when the channel has a shared key."""
        fields: dict[str, Json] = {
            "requestNo": self.request_no,
            "timestamp": at.isoformat(timespec="seconds"),
            "status": self.status.value,
            "code": self.code,
            "message": None if self.refusal is None else text(self.refusal, locale),
            "retryable": self.refusal is not None and self.refusal.retryable,
            "isReplay": self.is_replay,
            "faults": [_fault(one, locale) for one in _faults(self.refusal)],
            "bizContent": dict(self.answer.data),
        }
        if self.key is None or self.key.sign_type is not SignType.HMAC_SHA256:
            return fields
        return signed(fields, key=self.key)

    def encoded(self, *, at: datetime, locale: str = "zh-CN") -> bytes:
        """Return the reply as bytes, ready to send."""
        return compact(self.body(at=at, locale=locale)).encode()


def refused(refusal: Refusal, *, request_no: str | None = None, key: ChannelKey | None = None) -> Reply:
    """Return the reply that refuses a message."""
    return Reply(request_no=request_no, answer=Answer(status=Status.FAIL), refusal=refusal, key=key)


def _faults(refusal: Refusal | None) -> tuple[Refusal, ...]:
    """Return the single faults of a refusal, when it has any."""
    if isinstance(refusal, Invalid):
        return refusal.faults
    return () if refusal is None or refusal.field is None else (refusal,)


def _fault(one: Refusal, locale: str) -> dict[str, Json]:
    """Return one fault with its path, code and text."""
    return {"field": one.field, "code": one.code, "message": text(one, locale)}
