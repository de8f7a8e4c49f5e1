"""Who stands behind a loan besides its lender: funders that lend with it, a guarantor. Parameters of a product.

Shares are dated and by component, so that one agreement can follow another; who collects, and who takes what rounding
leaves, is part of the agreement.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, ClassVar, Final

from domain.refusals import Refusal
from ledger.rule import Rule, from_data, to_data

PRINCIPAL: Final = "principal"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesNotWhole(Refusal):
    """The shares of a component are below nought, or do not sum to one."""

    code: ClassVar[str] = "SHARES_NOT_WHOLE"
    zh: ClassVar[str] = "{component} 的出资比例之和应为 1 且不为负, 现为 {whole}"
    en: ClassVar[str] = "the shares of {component} must be at least nought and sum to 1, not {whole}"

    component: str
    whole: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FunderUnknown(Refusal):
    """The leader, or who takes the residue, has no share of the loan."""

    code: ClassVar[str] = "SHARE_FUNDER_UNKNOWN"
    zh: ClassVar[str] = "资金方 {funder} 不在出资方之列"
    en: ClassVar[str] = "funder {funder} is not among those who share the loan"

    funder: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementsOutOfOrder(Refusal):
    """Agreements must be there, say who shares the principal, and take effect one after another."""

    code: ClassVar[str] = "SHARE_AGREEMENTS_ORDER"
    zh: ClassVar[str] = "出资约定须包含本金比例并按生效日先后排列"
    en: ClassVar[str] = "agreements must name the shares of principal and be in order of their dates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Shares by component and funder, in force from a date on; a component that is not named is shared as principal."""

    from_on: date
    shares: Mapping[str, Mapping[int, Fraction]]

    def of(self, component: str) -> Mapping[int, Fraction]:
        """Return the shares of a component."""
        return self.shares.get(component, self.shares[PRINCIPAL])


@dataclass(frozen=True, slots=True, kw_only=True)
class Funding:
    """Who funds a loan: the leader collects from the borrower, `residue_to` takes what rounding leaves."""

    leader: int
    residue_to: int
    agreements: tuple[Agreement, ...]

    @property
    def funders(self) -> tuple[int, ...]:
        """Everybody who ever has a share, in order of number."""
        return tuple(sorted({funder for one in self.agreements for shares in one.shares.values() for funder in shares}))

    def on(self, day: date) -> Agreement:
        """Return the agreement in force on a day; before the first one, the first."""
        return next((one for one in reversed(self.agreements) if one.from_on <= day), self.agreements[0])

    def over(self, component: str, from_on: date, to_on: date) -> Mapping[int, Fraction]:
        """Return the shares of what is earned over the days of [from_on, to_on): by days where they changed within."""
        days = (to_on - from_on).days
        marks = [one.from_on for one in self.agreements if from_on < one.from_on < to_on]
        if not marks:
            return self.on(from_on).of(component)
        earned = dict.fromkeys(self.funders, Fraction())
        for low, high in zip([from_on, *marks], [*marks, to_on], strict=True):
            for funder, share in self.on(low).of(component).items():
                earned[funder] += share * Fraction((high - low).days, days)
        return earned


def faults(funding: Funding) -> tuple[Refusal, ...]:
    """Return everything that is wrong with a funding, at once."""
    return tuple(_faults(funding))


def _faults(funding: Funding) -> Iterator[Refusal]:
    dates = [one.from_on for one in funding.agreements]
    if not dates or dates != sorted(set(dates)) or any(PRINCIPAL not in one.shares for one in funding.agreements):
        yield AgreementsOutOfOrder(field="agreements")
    for number, one in enumerate(funding.agreements):
        for component, shares in one.shares.items():
            whole = sum(shares.values(), Fraction())
            if whole != 1 or min(shares.values()) < 0:
                yield SharesNotWhole(
                    field=f"agreements.{number}.shares.{component}", component=component, whole=str(whole)
                )
    for name, funder in (("leader", funding.leader), ("residue_to", funding.residue_to)):
        if funder not in funding.funders:
            yield FunderUnknown(field=name, funder=funder)


@dataclass(frozen=True, slots=True, kw_only=True)
class Syndicate:
    """A joint loan (联合贷): who funds it, the books of the funders that do not collect, and how those books post."""

    funding: Funding
    books: Mapping[int, int]
    rules: Mapping[str, Rule]


@dataclass(frozen=True, slots=True)
class Guarantor:
    """A guarantee company (融资担保公司), its party and its book."""

    party_id: int
    book: int


def written(one: Syndicate) -> dict[str, Any]:
    """Return a syndicate as plain JSON values; shares are fractions as text."""
    return {
        "leader": one.funding.leader,
        "residue_to": one.funding.residue_to,
        "agreements": [
            {
                "from_on": each.from_on.isoformat(),
                "shares": {
                    component: {str(funder): str(share) for funder, share in shares.items()}
                    for component, shares in each.shares.items()
                },
            }
            for each in one.funding.agreements
        ],
        "books": {str(funder): book for funder, book in one.books.items()},
        "rules": {str(event): to_data(rule) for event, rule in one.rules.items()},
    }


def read(stored: Mapping[str, Any]) -> Syndicate:
    """Return the syndicate that `written` wrote."""
    return Syndicate(
        funding=Funding(
            leader=stored["leader"],
            residue_to=stored["residue_to"],
            agreements=tuple(
                Agreement(
                    from_on=date.fromisoformat(each["from_on"]),
                    shares={
                        component: {int(funder): Fraction(share) for funder, share in shares.items()}
                        for component, shares in each["shares"].items()
                    },
                )
                for each in stored["agreements"]
            ),
        ),
        books={int(funder): book for funder, book in stored["books"].items()},
        rules={event: from_data(rule) for event, rule in stored["rules"].items()},
    )
