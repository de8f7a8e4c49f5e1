"""Figures of collection work, pure: cases by bucket, coverage, contact and promise rates."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from domain.collections.case import Case
from domain.collections.contact import Contact, LineStatus, Outcome
from domain.collections.delinquency import Bucket

PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What a set of cases and their contacts amounts to."""

    open_cases: int
    closed_cases: int
    by_bucket: Mapping[Bucket, int]
    """Open cases by the bucket they are in."""
    by_collector: Mapping[str, int]
    """Open cases by who works them; unassigned ones are left out."""
    attempts: int
    """Calls tried."""
    answered: int
    promises: int
    attempted_cases: int
    """Open cases that were tried at least once."""

    @property
    def contact_rate(self) -> Decimal:
        """Answered calls by calls (接通率); 0 without calls."""
        return _rate(self.answered, self.attempts)

    @property
    def promise_rate(self) -> Decimal:
        """Promises by answered calls; 0 without any."""
        return _rate(self.promises, self.answered)

    @property
    def coverage(self) -> Decimal:
        """Open cases that were tried, by open cases (覆盖率); 0 without cases."""
        return _rate(self.attempted_cases, self.open_cases)


def statistics(cases: Sequence[Case], contacts: Sequence[Contact]) -> Statistics:
    """Count cases and contacts."""
    opened = [case for case in cases if case.is_open]
    tried = {contact.case_id for contact in contacts}
    calls = [contact for contact in contacts if contact.channel.is_voice]
    results = [contact.result for contact in calls if contact.result is not None]
    return Statistics(
        open_cases=len(opened),
        closed_cases=len(cases) - len(opened),
        by_bucket=MappingProxyType(dict(Counter(case.bucket for case in opened))),
        by_collector=MappingProxyType(dict(Counter(case.collector for case in opened if case.collector is not None))),
        attempts=len(calls),
        answered=sum(result.line_status is LineStatus.ANSWERED for result in results),
        promises=sum(result.outcome is Outcome.PROMISED for result in results),
        attempted_cases=sum(case.case_id in tried for case in opened),
    )


def _rate(part: int, whole: int) -> Decimal:
    if whole == 0:
        return Decimal(0)
    share = Fraction(part, whole)
    return (Decimal(share.numerator) / Decimal(share.denominator)).quantize(PLACES)
