"""The demonstration's office: every part of approval introduced to the others, and the counter behind the channel.

The composition root of a server does the same with its own keys; here the model is the one trained on the German set
and the keys are those that everybody can know.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from sqlalchemy import Connection

from domain.channel.envelope import Json
from domain.channel.mapping import RepayRequest
from domain.channel.operations import BEIJING
from domain.channel.reply import Answer, Status
from domain.command import Command
from domain.decisioning import operations as decisioning
from domain.decisioning import queries as decisions
from domain.decisioning.facts import Assess, Decision, DecisionRequest
from domain.decisioning.registry import ModelState
from domain.decisioning.ruleset import RuleSet
from domain.origination import operations as origination
from domain.origination import queries as applications
from domain.origination.application import Application, ApplicationForm
from domain.origination.operations import Desk, Requested
from domain.origination.repayment import Origin, RequestRepayment
from domain.origination.workflow import Stage
from domain.party.partner import Channel
from domain.party.vault import Vault
from domain.product.version import ProductVersion
from domain.refusals import NotFound, Refusal
from domain.servicing import queries as loans
from ledger.money import Money
from risk.fraud import identity_facts
from risk.model import ModelRefused
from risk.rules.analyse import proved
from risk.rules.evaluate import evaluate_document
from seed import chart, german
from seed.parties import Parties, development_vault, open_parties

OPENED_ON = date(2025, 1, 1)
"""First day of the demonstration's books, parties and product."""
MONTHS = 36
"""Months that its books have open."""
TRAINER, VALIDATOR, RISK_OFFICER = "model-trainer", "model-validator", "risk-officer"
"""The people whom a model needs before it serves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackJudge:
    """A judge for a product whose rule pack goes by the pack's own name."""

    bench: decisioning.Bench
    pack: str

    def __call__(self, conn: Connection, request: DecisionRequest, /, *, pack: str, command: Command) -> Decision:
        """Decide by the demonstration's pack."""
        del pack
        return self.bench(conn, request, pack=self.pack, command=command)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Everything that a day of the demonstration works with."""

    vault: Vault
    parties: Parties
    desk: Desk
    counter: Counter


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """What stands behind the channel's interfaces (`domain.channel.operations.Handlers`)."""

    vault: Vault

    def submit(
        self, conn: Connection, form: ApplicationForm, *, channel: Channel, product: ProductVersion, command: Command
    ) -> Answer | Refusal:
        """Take in an application: taken is not yet approved."""
        on = command.received_at.astimezone(BEIJING).date()
        taken = origination.submit(
            conn, form, channel=channel, product=product, on=on, vault=self.vault, command=command
        )
        return taken if isinstance(taken, Refusal) else application_answer(taken.application)

    def application(self, conn: Connection, *, channel: Channel, channel_application_no: str) -> Answer | Refusal:
        """Tell where an application of this channel stands."""
        found = applications.by_channel_number(
            conn, channel_id=channel.channel_id, channel_application_no=channel_application_no
        )
        return NotFound(what="application") if found is None else application_answer(found)

    def loan(self, conn: Connection, *, channel: Channel, loan_no: str, on: date) -> Answer | Refusal:
        """Tell where a loan of this channel stands."""
        loan_id = loan_of(loan_no)
        found = None if loan_id is None else loans.loan(conn, loan_id)
        if found is None or found.channel_id != channel.channel_id:
            return NotFound(what="loan")
        now = loans.position(conn, loan_id=found.loan_id, on=on)
        assert now is not None, "a loan has a position"
        data: dict[str, Json] = {
            "loanNo": loan_no,
            "loanStatus": now.status.value,
            "outstanding": str(Money(now.outstanding, now.currency)),
            "due": str(Money(now.due.total, now.currency)),
            "payoff": str(Money(now.payoff.total, now.currency)),
            "dpd": now.dpd,
        }
        return Answer(status=Status.SUCCESS, data=data)

    def repay(self, conn: Connection, request: RepayRequest, *, channel: Channel, command: Command) -> Answer | Refusal:
        """Take in a repayment: it is collected from the borrower's card, and then booked (S21 to S23)."""
        loan_id = loan_of(request.loan_no)
        found = None if loan_id is None else loans.loan(conn, loan_id)
        if found is None or found.channel_id != channel.channel_id:
            return NotFound(what="loan")
        wish = RequestRepayment(
            business_no=f"{channel.code}:{request.repay_no}",
            origin=Origin.CHANNEL,
            loan_id=found.loan_id,
            amount=request.amount,
            requested_on=command.received_at.astimezone(BEIJING).date(),
            intent=request.intent,
            instalment_nos=request.instalment_nos,
        )
        (answer,) = origination.request_repayments(conn, [wish], command=command)
        if not isinstance(answer, Requested):
            return answer
        return Answer(status=Status.PROCESSING, data={"repayNo": request.repay_no, "orderNo": answer.order.order_no})


def application_answer(found: Application) -> Answer:
    """What a channel is told about an application."""
    data: dict[str, Json] = {
        "applicationNo": f"ap_{found.application_id}",
        "channelApplicationNo": found.channel_application_no,
        "stage": found.stage.value,
        "loanNo": None if found.loan_id is None else loan_no(found.loan_id),
    }
    ended = {Stage.DISBURSED: Status.SUCCESS, Stage.REJECTED: Status.FAIL, Stage.CANCELLED: Status.FAIL}
    return Answer(status=ended.get(found.stage, Status.PROCESSING), data=data)


def loan_no(loan_id: int) -> str:
    """The number of a loan as partners see it."""
    return f"ln_{loan_id}"


def loan_of(number: str) -> int | None:
    """The loan that a partner's number names, if it names one."""
    digits = number.removeprefix("ln_")
    return int(digits) if digits.isascii() and digits.isdigit() else None


def open_office(conn: Connection, *, assess: Assess | None = None, vault: Vault | None = None) -> Office:
    """Open books, parties and rule pack, and introduce everything; again changes nothing.

    Without a scorer of its own, the demonstration's model is taken from the registry, and trained first if need be.
    """
    vault = vault or development_vault()
    chart.open_books(conn, from_on=OPENED_ON, months=MONTHS)
    parties = open_parties(conn, vault=vault, from_on=OPENED_ON)
    pack = publish_pack(conn)
    scorer: Assess = assess or serving_scorer(conn)
    bench = decisioning.Bench(assess=scorer, evaluate=evaluate_document)
    desk = Desk(vault=vault, judge=PackJudge(bench=bench, pack=pack.name), screen=identity_facts)
    return Office(vault=vault, parties=parties, desk=desk, counter=Counter(vault=vault))


def publish_pack(conn: Connection) -> RuleSet:
    """Publish the decision pack of the demonstration's product."""
    published = decisioning.publish_ruleset(
        conn, german.pack_text(), prove=proved, command=_command(RISK_OFFICER, "pack")
    )
    assert isinstance(published, RuleSet), f"the demonstration's pack is proved: {published}"
    return published


def serving_scorer(conn: Connection) -> Assess:
    """The champion of the demonstration; trained, validated and promoted by three people when there is none yet."""
    champion = decisions.champion(conn, german.MODEL_NAME)
    if champion is None:
        registered = decisioning.register_model(
            conn, german.registration(german.trained()), command=_command(TRAINER, "model")
        )
        for actor, state in ((VALIDATOR, ModelState.VALIDATED), (RISK_OFFICER, ModelState.CHAMPION)):
            step = decisioning.step_model(
                conn, registered.model_id, to=state, command=_command(actor, f"model/{state}")
            )
            assert not isinstance(step, Refusal), f"three people take a model to service: {step}"
        champion = replace(registered, state=ModelState.CHAMPION)
    scorer = german.scorer(champion)
    assert not isinstance(scorer, ModelRefused), f"the registered model serves: {scorer}"
    return scorer


def _command(actor: str, key: str) -> Command:
    return Command(actor=actor, key=f"demo/{key}", received_at=datetime.combine(OPENED_ON, datetime.min.time(), UTC))
