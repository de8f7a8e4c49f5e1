"""How the demonstration's borrowers pay: a simulation, seeded, and said to be one. Pure.

No public set of real loans has month-by-month payments, so months are drawn here; who turns bad is not. The German set
tells for each of its thousand borrowers how the loan ended: a good one pays, give or take a few days; a bad one pays
for some months and then stops for good, or falls behind and comes back late again and again.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from random import Random

from domain.servicing.schedule import Instalment


class Way(StrEnum):
    """How the money comes."""

    COLLECTION = "COLLECTION"
    """Debited from the card by the lender on the due date (S21b)."""
    CHANNEL = "CHANNEL"
    """Paid in the channel's app (S21a)."""


class Pattern(StrEnum):
    """The borrower's way with the loan."""

    PUNCTUAL = "PUNCTUAL"
    """On the due date, by collection."""
    SELF_PAYER = "SELF_PAYER"
    """In the app, from some days early to some days late."""
    EARLY_SETTLER = "EARLY_SETTLER"
    """Punctual, and settles everything after some months."""
    STOPS = "STOPS"
    """Pays for some months and never again."""
    STRUGGLES = "STRUGGLES"
    """From some month on, weeks late, half at first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """One borrower's habit, drawn once."""

    seed: int
    row: int
    pattern: Pattern
    turns_at: int
    """The instalment from which a bad habit, or at which an early settlement, begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intention:
    """A payment that the borrower means to make."""

    no: int
    """The instalment that he has in mind."""
    on: date
    way: Way
    per_mille: int = 1000
    """Share of what is due that day."""
    settles: bool = False
    """Everything that is left, not only what is due."""
    fails: bool = False
    """There is not enough money on the card: the lender's attempt to collect comes to nothing."""


GOOD = ((Pattern.PUNCTUAL, 70), (Pattern.SELF_PAYER, 22), (Pattern.EARLY_SETTLER, 8))
BAD = ((Pattern.STOPS, 60), (Pattern.STRUGGLES, 40))
"""Patterns with their weights."""
ATTEMPTS = 2
"""Months in which the lender still tries to collect from a borrower who has stopped paying."""


def habit(*, seed: int, row: int, bad: bool, term_months: int) -> Habit:
    """Draw a borrower's habit from his real label."""
    dice = Random(f"habit/{seed}/{row}")
    patterns, weights = zip(*(BAD if bad else GOOD), strict=True)
    (pattern,) = dice.choices(patterns, weights)
    latest = max(min(term_months, 9), 2)
    return Habit(seed=seed, row=row, pattern=pattern, turns_at=dice.randint(2, latest))


def intentions(one: Habit, instalment: Instalment) -> tuple[Intention, ...]:
    """What the borrower does about an instalment, in order of days; nothing when he does not pay it at all."""
    dice = Random(f"intention/{one.seed}/{one.row}/{instalment.no}")
    due_on, no = instalment.due_on, instalment.no
    punctual = (Intention(no=no, on=due_on, way=Way.COLLECTION),)
    match one.pattern:
        case Pattern.SELF_PAYER:
            days = dice.choices((-3, -1, 0, 1, 2, 3, 6), (1, 2, 8, 3, 2, 2, 1))[0]
            return (Intention(no=no, on=due_on + timedelta(days=days), way=Way.CHANNEL),)
        case Pattern.EARLY_SETTLER if no > one.turns_at:
            return ()
        case Pattern.EARLY_SETTLER if no == one.turns_at:
            return (Intention(no=no, on=due_on, way=Way.CHANNEL, settles=True),)
        case Pattern.STOPS if no >= one.turns_at + ATTEMPTS:
            return ()
        case Pattern.STOPS if no >= one.turns_at:
            return (Intention(no=no, on=due_on, way=Way.COLLECTION, fails=True),)
        case Pattern.STRUGGLES if no >= one.turns_at:
            days = dice.randint(5, 70)
            half = Intention(no=no, on=due_on + timedelta(days=days), way=Way.CHANNEL, per_mille=500)
            rest = Intention(no=no, on=due_on + timedelta(days=days + dice.randint(5, 25)), way=Way.CHANNEL)
            return (half, rest) if dice.random() < 0.3 else (Intention(no=no, on=half.on, way=Way.CHANNEL),)
        case _:
            return punctual


def reviewer_approves(*, seed: int, row: int, bad: bool) -> bool:
    """What the demonstration's underwriters conclude of a referred application: right three times out of four."""
    is_right = Random(f"review/{seed}/{row}").random() < 0.75
    return bad is not is_right
