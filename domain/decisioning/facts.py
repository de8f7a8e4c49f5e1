"""What a decision is made of: facts about an application, the shape of an assessment, and the judgement itself.

The scorer and the decision table engine live on a floor that this one never sees. What is needed of them is declared
here as protocols (`Assess`, `Evaluate`, `Screen`); the composition root introduces the real ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol, TypeAlias

FactValue: TypeAlias = str | int | Decimal | bool | date | None
"""One typed fact; amounts are whole minor units (int). None says that the fact is missing. Never a float."""

Facts: TypeAlias = Mapping[str, FactValue]
"""Facts about an application by name (`amount`, `term`, `age` …). No name, number or address of a person among them."""

Json: TypeAlias = "str | int | bool | Sequence[Json] | Mapping[str, Json] | None"
"""What a stored trace is made of: no floats; decimals and dates are `{"decimal": "…"}` and `{"date": "…"}`."""

PRINCIPAL_REASONS = 4
"""More than four reasons are not likely to help the applicant (Reg B, comment 9(b)(2), as the stricter anchor)."""


class Outcome(StrEnum):
    """The three answers; a person looks at what is referred."""

    PASS = "PASS"  # noqa: S105 - a word of the trade, not a secret
    REFER = "REFER"
    REJECT = "REJECT"

    @property
    def severity(self) -> int:
        """0, 1, 2: the worst of several outcomes is the outcome of all."""
        return (Outcome.PASS, Outcome.REFER, Outcome.REJECT).index(self)


class Stage(StrEnum):
    """The two points at which approval calls risk (AP-05, AP-06)."""

    PRE_APPROVAL = "PRE_APPROVAL"
    """自动预审批: hard rules, score, grade, limit."""
    ANTI_FRAUD = "ANTI_FRAUD"
    """反欺诈: identity, links and velocity."""


class ReasonShape(Protocol):
    """Why something was not plainly passed."""

    @property
    def code(self) -> str:
        """Stable code: a code of the rule pack or the feature contract, or `MISSING:<field>`, `INVALID:<field>`."""

    @property
    def source(self) -> str:
        """`RULE`, `MODEL` or `DATA`."""

    @property
    def field(self) -> str | None:
        """The fact that it is about, where there is one."""

    @property
    def rule(self) -> str | None:
        """`table/row` of the rule that speaks, where it is one."""

    @property
    def points(self) -> Decimal | None:
        """Points of score that were lost by it (negative), where the model speaks."""

    @property
    def zh(self) -> str:
        """The sentence in Chinese."""

    @property
    def en(self) -> str:
        """The sentence in English."""


class AssessmentShape(Protocol):
    """What a scorer says about one application."""

    @property
    def probability_of_default(self) -> Decimal:
        """Probability (0 … 1) that the loan turns bad."""

    @property
    def score(self) -> int:
        """The same as points: 600 at odds of 30 good to 1 bad, 20 points double the odds."""

    @property
    def reasons(self) -> Sequence[ReasonShape]:
        """What cost the most points: one to four, the heaviest first."""

    @property
    def model_hash(self) -> str:
        """SHA-256 (hex) of the model file."""

    @property
    def contract_hash(self) -> str:
        """SHA-256 (hex) of the feature contract."""


class Assess(Protocol):
    """A scorer: an assessment, or the faults of the data that forbid one (never a silent score)."""

    def __call__(self, facts: Facts, /) -> AssessmentShape | tuple[ReasonShape, ...]:
        """Assess one application."""


class EvaluationShape(Protocol):
    """What the decision tables of one stage say."""

    @property
    def outcome(self) -> str:
        """`PASS`, `REFER` or `REJECT`."""

    @property
    def outputs(self) -> Facts:
        """What the hit rows put out (`limit`, `rate_annual`, `grade`, `collection_strategy` …)."""

    @property
    def reasons(self) -> Sequence[ReasonShape]:
        """A reason for every row that refers or rejects, and for every missing or invalid fact."""

    @property
    def trace(self) -> Mapping[str, Json]:
        """Every row of every table: hit, missed at which cell with which value, or unknown for which fact."""


class Evaluate(Protocol):
    """A decision table engine: the text of a rule set, one stage of it, and the facts."""

    def __call__(self, document: str, /, *, stage: str, facts: Facts) -> EvaluationShape:
        """Evaluate the tables of one stage; what cannot be known is referred, never passed."""


class Screen(Protocol):
    """Checks of identity numbers against the form, without keeping a number: only findings come back."""

    def __call__(self, *, identity_number: str, card_number: str, mobile: str, age: int | None, on: date) -> Facts:
        """Return `identity_checks`, `identity_age_matches`, `card_checks`, `mobile_virtual` as facts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A reason as it is stored: the sentences stay as they were said, whatever the catalogue says later."""

    code: str
    source: str
    zh: str
    en: str
    field: str | None = None
    rule: str | None = None
    points: Decimal | None = None

    def text(self, locale: str) -> str:
        """Return the sentence; any Chinese locale speaks Chinese, every other English."""
        return self.zh if locale.lower().startswith("zh") else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    """The assessment that a judgement rests on, as it is stored."""

    probability_of_default: Decimal
    score: int
    model_hash: str
    contract_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A decision as pure thought: what comes of facts, an assessment and the tables, before anything is stored."""

    outcome: Outcome
    reasons: tuple[Reason, ...]
    """All of them: rules first, then data, then what cost the most points. Empty only when the outcome is PASS."""
    outputs: Facts
    """What the tables put out; empty when the outcome is REJECT."""
    assessed: Assessed | None
    """None at a stage that asks for no score, or when the data forbade one (then the outcome is not PASS)."""
    ruleset_hash: str
    valid_until: date
    """Last day on which a loan may rest on this judgement."""
    trace: Mapping[str, Json]

    @property
    def limit(self) -> int | None:
        """The highest principal in minor units, or None when there is none."""
        value = self.outputs.get("limit")
        return value if isinstance(value, int) else None

    @property
    def rate_annual(self) -> Decimal | None:
        """The yearly rate as a fraction, or None when the product's own rate stands."""
        value = self.outputs.get("rate_annual")
        return value if isinstance(value, Decimal) else None

    @property
    def term_max(self) -> int | None:
        """The longest term in months, or None when the product's own terms stand."""
        value = self.outputs.get("term_max")
        return value if isinstance(value, int) else None

    @property
    def grade(self) -> str | None:
        """The score band, or None when there is no score."""
        value = self.outputs.get("grade")
        return value if isinstance(value, str) else None

    @property
    def collection_strategy(self) -> str | None:
        """Code of the collection strategy that fits the grade (RC-06), or None."""
        value = self.outputs.get("collection_strategy")
        return value if isinstance(value, str) else None

    @property
    def phone_check(self) -> bool:
        """Whether the applicant must be called before money moves (电核)."""
        return self.outputs.get("phone_check") is True

    @property
    def principal_reasons(self) -> tuple[Reason, ...]:
        """The at most four reasons that an applicant is told."""
        return self.reasons[:PRINCIPAL_REASONS]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRequest:
    """The question: judge this application, at this stage, by these facts."""

    application_id: int
    stage: Stage
    facts: Facts
    decided_on: date
    """The business date; ages and windows in `facts` are already counted to it."""
    currency: str = "CNY"
    attempt: int = 1
    """1 for the first decision of the stage; 2, 3 … when the form was changed and is judged anew."""

    def __post_init__(self) -> None:
        """Freeze the facts and assert what no caller may break."""
        assert self.attempt >= 1, "attempts are counted from one"
        assert not any(isinstance(value, float) for value in self.facts.values()), "facts have no floats"
        object.__setattr__(self, "facts", MappingProxyType(dict(self.facts)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A decision of record (DE-03): the question, the judgement, and who asked when. Append-only."""

    decision_id: int
    request: DecisionRequest
    judgement: Judgement
    actor: str
    received_at: datetime
    is_replay: bool = field(default=False, compare=False)
    """True when the same question was asked before and this is the stored answer."""

    @property
    def application_id(self) -> int:
        """The application that was judged."""
        return self.request.application_id

    @property
    def stage(self) -> Stage:
        """The stage at which it was judged."""
        return self.request.stage

    @property
    def outcome(self) -> Outcome:
        """PASS, REFER or REJECT."""
        return self.judgement.outcome

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Every reason, the weightiest kind first."""
        return self.judgement.reasons

    @property
    def score(self) -> int | None:
        """The score, or None when there is none."""
        return None if self.judgement.assessed is None else self.judgement.assessed.score

    @property
    def probability_of_default(self) -> Decimal | None:
        """The probability of default, or None when there is none."""
        return None if self.judgement.assessed is None else self.judgement.assessed.probability_of_default
