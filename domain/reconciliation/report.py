"""What one reconciled day looks like in numbers, pure: counts and sums by kind, differences by class."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from domain.payment.order import Kind, Outcome
from domain.reconciliation.discrepancy import Class, StoredDiscrepancy
from domain.reconciliation.statement_file import StatementRow
from ledger.money import Money, total


@dataclass(frozen=True, slots=True)
class Turnover:
    """How many payments of a kind, and how much."""

    kind: Kind
    count: int
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class DayReport:
    """A reconciled day."""

    business_on: date
    row_count: int
    """Rows of the bank's file."""
    matched: tuple[Turnover, ...]
    """What both sides agree has succeeded, by kind and currency."""
    differences: Mapping[Class, int]
    """How many differences of each class were found."""
    open_count: int
    """How many of them still wait for people."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing is left to do."""
        return self.open_count == 0


def day_report(
    *,
    business_on: date,
    row_count: int,
    matched: Sequence[StatementRow],
    discrepancies: Sequence[StoredDiscrepancy],
) -> DayReport:
    """Sum up a day: the rows that matched, and the differences as they stand now."""
    return DayReport(
        business_on=business_on,
        row_count=row_count,
        matched=turnovers(matched),
        differences=MappingProxyType(dict(Counter(one.kind for one in discrepancies))),
        open_count=sum(one.is_open for one in discrepancies),
    )


def turnovers(rows: Iterable[StatementRow]) -> tuple[Turnover, ...]:
    """Count and sum the rows that succeeded, by kind and currency, in the order of their names."""
    amounts: dict[tuple[Kind, str], list[Money]] = {}
    for row in rows:
        if row.outcome is Outcome.SUCCEEDED:
            amounts.setdefault((row.kind, row.amount.currency), []).append(row.amount)
    return tuple(
        Turnover(kind, len(found), total(found, currency)) for (kind, currency), found in sorted(amounts.items())
    )
