"""Who works which case, pure and deterministic: the same cases and loads always give the same assignment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.collections.case import Case


class Method(StrEnum):
    """Who decided."""

    MACHINE = "MACHINE"
    MANUAL = "MANUAL"


@dataclass(frozen=True, slots=True)
class Assigned:
    """A case and its collector."""

    case_id: int
    collector: str


def assign(
    cases: Sequence[Case], *, loads: Mapping[str, int], holders: Mapping[int, str] | None = None
) -> tuple[Assigned, ...]:
    """Give each case to the collector with the fewest, ties by name; a customer's cases stay with one collector.

    `loads` are the open cases of every collector on duty; `holders` tell who already works for a customer, and count
    only while on duty.
    """
    assert loads, "somebody is on duty"
    counts = dict(loads)
    sticky = {customer: one for customer, one in (holders or {}).items() if one in counts}
    assigned: list[Assigned] = []
    for case in sorted(cases, key=lambda one: one.case_id):
        fewest = min(counts, key=lambda name: (counts[name], name))
        collector = sticky.setdefault(case.customer_id, fewest)
        counts[collector] += 1
        assigned.append(Assigned(case.case_id, collector))
    return tuple(assigned)
