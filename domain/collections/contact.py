"""Contact with the people behind a case, and the compliance gate that it passes at the moment of dialling, pure.

The gate knows local time only as an argument. Hours are stricter than the standard's 8 to 22; at most three effective
active calls to a debtor per day, over all cases, collectors and robots (GB/T on collection conduct).
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import ClassVar

from domain.refusals import Refusal
from ledger.money import Money


class Channel(StrEnum):
    """How somebody is reached."""

    CALL = "CALL"
    ROBOT_CALL = "ROBOT_CALL"
    SMS = "SMS"
    PUSH = "PUSH"
    EMAIL = "EMAIL"
    LETTER = "LETTER"

    @property
    def is_voice(self) -> bool:
        """Whether it rings."""
        return self in {Channel.CALL, Channel.ROBOT_CALL}


class Callee(StrEnum):
    """Who is reached."""

    DEBTOR = "DEBTOR"
    CONTACT_PERSON = "CONTACT_PERSON"
    """Somebody whom the debtor named; only to find a debtor who cannot be found."""


class LineStatus(StrEnum):
    """What the line said (电话码)."""

    ANSWERED = "ANSWERED"
    BUSY = "BUSY"
    NO_ANSWER = "NO_ANSWER"
    OFF = "OFF"
    VACANT = "VACANT"
    HUNG_UP = "HUNG_UP"
    SENT = "SENT"
    """A message went out."""


class Outcome(StrEnum):
    """What came of it (结果码)."""

    PROMISED = "PROMISED"
    CLAIMS_PAID = "CLAIMS_PAID"
    WILLING = "WILLING"
    UNWILLING = "UNWILLING"
    MESSAGE_LEFT = "MESSAGE_LEFT"
    WRONG_PERSON = "WRONG_PERSON"
    DISPUTE = "DISPUTE"
    NONE = "NONE"


EFFECTIVE_SECONDS = 10
"""A call counts as effective when the debtor answered and talked at least so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactOutsideHours(Refusal):
    """It is too early or too late to disturb anybody."""

    code: ClassVar[str] = "CONTACT_OUTSIDE_HOURS"
    retryable: ClassVar[bool] = True
    zh: ClassVar[str] = "当地时间 {local_time} 不在允许联系时段 {starts_at} 至 {ends_at}"
    en: ClassVar[str] = "local time {local_time} is outside the hours of contact, {starts_at} to {ends_at}"

    local_time: str
    starts_at: str
    ends_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactLimitReached(Refusal):
    """The debtor has been called often enough today."""

    code: ClassVar[str] = "CONTACT_LIMIT_REACHED"
    retryable: ClassVar[bool] = True
    zh: ClassVar[str] = "当日有效主动呼叫已达 {count} 次, 不得再次拨打"
    en: ClassVar[str] = "the debtor was reached by {count} calls today already"

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPersonNotAllowed(Refusal):
    """A contact person may be asked only where the debtor himself cannot be found."""

    code: ClassVar[str] = "CONTACT_PERSON_NOT_ALLOWED"
    zh: ClassVar[str] = "债务人未失联, 不得联系其联系人"
    en: ClassVar[str] = "the debtor is not lost, so his contacts may not be called"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The limits of contact; a parameter set, not a law of nature."""

    starts_at: time = time(8)
    ends_at: time = time(21)
    """First minute in which contact is not allowed any more."""
    effective_calls_max: int = 3
    """Effective voice calls to one debtor per local day."""

    def refusal(
        self, *, channel: Channel, callee: Callee, local_at: datetime, effective_calls: int, debtor_lost: bool
    ) -> ContactOutsideHours | ContactLimitReached | ContactPersonNotAllowed | None:
        """Why this contact may not happen now; None when it may. Letters and e-mail disturb nobody's night."""
        disturbs = channel not in {Channel.LETTER, Channel.EMAIL}
        if disturbs and not self.starts_at <= local_at.time() < self.ends_at:
            return ContactOutsideHours(
                local_time=f"{local_at:%H:%M}", starts_at=f"{self.starts_at:%H:%M}", ends_at=f"{self.ends_at:%H:%M}"
            )
        if callee is Callee.CONTACT_PERSON and not debtor_lost:
            return ContactPersonNotAllowed()
        if channel.is_voice and callee is Callee.DEBTOR and effective_calls >= self.effective_calls_max:
            return ContactLimitReached(count=effective_calls)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What somebody promised to pay, and by when (PTP)."""

    amount: Money
    promised_for: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How an attempt ended."""

    line_status: LineStatus
    outcome: Outcome = Outcome.NONE
    talk_seconds: int = 0
    recording: str = ""
    """Where the recording is kept; empty when there is none."""
    promise: Promise | None = None
    follow_up_on: date | None = None
    note: str = ""

    def __post_init__(self) -> None:
        """A promise is the outcome PROMISED and the other way round."""
        assert (self.promise is not None) == (self.outcome is Outcome.PROMISED), "a promise is told with its outcome"
        assert self.talk_seconds >= 0, "time does not run backwards"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One attempt to reach somebody, written before dialling, with its result once it has ended."""

    contact_id: int
    case_id: int
    customer_id: int
    channel: Channel
    callee: Callee
    callee_mask: str
    """What people may see of the number or address."""
    local_on: date
    started_at: datetime
    actor: str
    result: Result | None = None

    @property
    def is_effective(self) -> bool:
        """Whether it counts towards the daily limit: the debtor answered a call and talked long enough.

        A call that is not closed yet counts too: it may be ringing now.
        """
        if not (self.channel.is_voice and self.callee is Callee.DEBTOR):
            return False
        if self.result is None:
            return True
        answered = self.result.line_status is LineStatus.ANSWERED
        return answered and self.result.talk_seconds >= EFFECTIVE_SECONDS
