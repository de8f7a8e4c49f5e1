"""What changes of a loan are given: one input for each, all of them fields of one, of which exactly one is there."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import strawberry

from domain.servicing.allocation import Component
from domain.servicing.duedate import Unit
from domain.servicing.fact import Basis, Scope
from graphql_api.inputs import KEY
from graphql_api.scalars import IdempotencyKey, Rate
from graphql_api.types.value import MoneyInput

FACT = "Number of the fact in `Loan.facts`."


@strawberry.enum(description="What can be charged.")
class Chargeable(StrEnum):
    """Components that a charge can have."""

    FEE = "fee"
    PENALTY = "penalty"


@strawberry.enum(description="Money that meets a loan and was not paid by the borrower.")
class Credit(StrEnum):
    """Kinds of credits; the names are those of the engine's payments."""

    GOODWILL_CREDIT = "GOODWILL_CREDIT"
    CHARGE_ADJUSTMENT = "CHARGE_ADJUSTMENT"
    INTEREST_PAYMENT_WAIVER = "INTEREST_PAYMENT_WAIVER"
    MERCHANT_REFUND = "MERCHANT_REFUND"
    PAYOUT_REFUND = "PAYOUT_REFUND"


@strawberry.input(description="A fee or penalty (收费): an amount, or a rate of something.")
class ChargeInput:
    """A charge."""

    name: str = strawberry.field(description="What it is called, `LATE_LETTER`.")
    component: Chargeable = strawberry.field(default=Chargeable.FEE, description="What it is.")
    amount: MoneyInput | None = strawberry.field(default=None, description="The amount; absent when a rate is given.")
    rate: Rate | None = strawberry.field(default=None, description="A fraction of the basis.")
    basis: Basis = strawberry.field(default=Basis.AMOUNT, description="Of what the rate is a fraction.")
    due_on: date | None = strawberry.field(default=None, description="When it is due; on its value date when absent.")
    is_each_instalment: bool = strawberry.field(default=False, description="Whether every instalment to come bears it.")


@strawberry.input(description="What is forgiven (减免). Needs a second person.")
class WaiveInput:
    """A waiver."""

    component: Component = strawberry.field(description="Of which component.")
    amount: MoneyInput | None = strawberry.field(default=None, description="How much; all that is due when absent.")
    charge_no: int | None = strawberry.field(default=None, description=f"Only of that charge. {FACT}")


@strawberry.input(description="Money that was not paid by the borrower (贷记). The house's own needs a second person.")
class CreditInput:
    """A credit."""

    kind: Credit = strawberry.field(description="Whose money it is, and why it comes.")
    amount: MoneyInput = strawberry.field(description="How much.")
    charge_no: int | None = strawberry.field(default=None, description=f"The charge that is given back. {FACT}")


@strawberry.input(description="An amount of money.")
class AmountInput:
    """An amount alone."""

    amount: MoneyInput = strawberry.field(description="How much.")


@strawberry.input(description="The payer's bank took a payment back, in whole or in part (拒付).")
class ChargebackInput:
    """A chargeback."""

    payment_no: int = strawberry.field(description=f"The payment. {FACT}")
    amount: MoneyInput = strawberry.field(description="How much of it.")


@strawberry.input(description="A fact that is meant.")
class FactInput:
    """A fact by its number."""

    fact_no: int = strawberry.field(description=FACT)


@strawberry.input(description="Another interest rate (利率变更). Needs a second person.")
class ChangeRateInput:
    """A change of rate."""

    rate_annual: Rate = strawberry.field(description="The new rate per year.")
    from_on: date | None = strawberry.field(default=None, description="From when, if later than the value date.")


@strawberry.input(
    description="The instalments from one on fall due later (延期). Without interest: needs a second person."
)
class DeferInput:
    """A deferral."""

    from_due_on: date = strawberry.field(description="Due date of the first instalment that moves.")
    to_due_on: date = strawberry.field(description="Its new due date; the others follow at the same distance.")
    is_interest_free: bool = strawberry.field(default=False, description="Whether the days won bear no interest.")


@strawberry.input(description="What is left is spread over more instalments (展期).")
class ExtendInput:
    """An extension."""

    from_due_on: date = strawberry.field(description="Due date of the first instalment that changes.")
    extra_instalments: int = strawberry.field(description="How many more.")


@strawberry.input(description="Dates, number and rate of what is left are agreed anew (重组). Needs a second person.")
class RestructureInput:
    """A restructuring."""

    from_due_on: date = strawberry.field(description="Due date of the first instalment that changes.")
    rate_annual: Rate = strawberry.field(description="The rate per year from there on.")
    to_due_on: date | None = strawberry.field(default=None, description="Its new due date; as it is when absent.")
    extra_instalments: int = strawberry.field(default=0, description="How many instalments more.")
    is_interest_free: bool = strawberry.field(default=False, description="Whether the days won bear no interest.")


@strawberry.input(description="Everything open is spread over new instalments (重新账龄). Needs a second person.")
class ReAgeInput:
    """A re-ageing."""

    first_on: date = strawberry.field(description="Due date of the first new instalment.")
    count: int = strawberry.field(description="How many.")
    every: int = strawberry.field(default=1, description="Every how many units.")
    unit: Unit = strawberry.field(default=Unit.MONTH, description="The unit.")


@strawberry.input(description="Why something is done.")
class ReasonInput:
    """A reason."""

    reason: str = strawberry.field(description="Why; no personal data.")


@strawberry.input(description="The claim leaves the performing books; it is owed all the same. Needs a second person.")
class ChargeOffInput:
    """A charge-off."""

    reason: str = strawberry.field(description="Why; no personal data.")
    is_fraud: bool = strawberry.field(default=False, description="Whether it was fraud.")


@strawberry.input(description="The guarantor pays the lender, and the claim is his (代偿).")
class CompensateInput:
    """A compensation."""

    guarantor: str = strawberry.field(default="GUARANTOR", description="Who pays.")
    scope: Scope = strawberry.field(default=Scope.WHOLE, description="The whole claim, or what is overdue.")


@strawberry.input(description="Somebody buys the whole claim back (回购). Needs a second person.")
class RepurchaseInput:
    """A repurchase."""

    buyer: str = strawberry.field(default="PLATFORM", description="Who buys.")


@strawberry.input(description="Days that bear no interest (停息). Needs a second person.")
class PauseInterestInput:
    """A pause of interest."""

    to_on: date = strawberry.field(description="The first day that bears interest again.")
    from_on: date | None = strawberry.field(
        default=None, description="The first day without; the value date when absent."
    )


@strawberry.input(one_of=True, description="What happens to the loan: exactly one of these.")
class LoanChange:
    """One field for each kind of change; payments come through `repayLoan`."""

    charge: ChargeInput | None = strawberry.field(default=strawberry.UNSET, description="收费: a fee or penalty.")
    waive: WaiveInput | None = strawberry.field(default=strawberry.UNSET, description="减免: forgive a component.")
    credit: CreditInput | None = strawberry.field(
        default=strawberry.UNSET, description="贷记: goodwill, a charge given back, goods or money returned."
    )
    refund_overpayment: AmountInput | None = strawberry.field(
        default=strawberry.UNSET, description="溢缴款退款: pay an overpayment back. Needs a second person."
    )
    chargeback: ChargebackInput | None = strawberry.field(
        default=strawberry.UNSET, description="拒付: the payer's bank took a payment back."
    )
    reverse: FactInput | None = strawberry.field(
        default=strawberry.UNSET, description="冲正: a fact turned out not to have happened."
    )
    change_rate: ChangeRateInput | None = strawberry.field(
        default=strawberry.UNSET, description="利率变更, 减息: another rate."
    )
    pause_interest: PauseInterestInput | None = strawberry.field(
        default=strawberry.UNSET, description="停息: days without interest."
    )
    defer: DeferInput | None = strawberry.field(default=strawberry.UNSET, description="延期: later due dates.")
    extend: ExtendInput | None = strawberry.field(default=strawberry.UNSET, description="展期: more instalments.")
    restructure: RestructureInput | None = strawberry.field(
        default=strawberry.UNSET, description="重组: dates, number and rate agreed anew."
    )
    re_age: ReAgeInput | None = strawberry.field(
        default=strawberry.UNSET, description="重新账龄: everything open over new instalments."
    )
    re_amortise: ReasonInput | None = strawberry.field(
        default=strawberry.UNSET,
        description="重新摊还: principal that is due and open moves to later instalments.",
    )
    accelerate: ReasonInput | None = strawberry.field(
        default=strawberry.UNSET, description="提前到期: the lender declares everything due."
    )
    charge_off: ChargeOffInput | None = strawberry.field(
        default=strawberry.UNSET, description="转不良核减: off the performing books, still owed."
    )
    write_off: ReasonInput | None = strawberry.field(
        default=strawberry.UNSET,
        description="核销: written off; what comes later is a recovery. Needs a second person.",
    )
    recover: AmountInput | None = strawberry.field(
        default=strawberry.UNSET, description="核销后收回: money on a claim that was written off."
    )
    compensate: CompensateInput | None = strawberry.field(
        default=strawberry.UNSET, description="代偿: the guarantor pays the lender."
    )
    repurchase: RepurchaseInput | None = strawberry.field(
        default=strawberry.UNSET, description="回购: somebody buys the claim back."
    )
    cancel: ReasonInput | None = strawberry.field(
        default=strawberry.UNSET, description="冷静期撤销: the money was given back within the cooling-off time."
    )
    undo_disbursement: FactInput | None = strawberry.field(
        default=strawberry.UNSET, description="放款撤销: the money came back from the bank; nothing may have followed."
    )


@strawberry.input(description="A change of a loan.")
class ChangeLoanInput:
    """Input of `changeLoan`."""

    idempotency_key: IdempotencyKey = strawberry.field(description=KEY)
    loan_id: strawberry.ID = strawberry.field(description="The loan.")
    value_on: date = strawberry.field(
        description="The day on which it takes effect (起效日): today in the books, or earlier when it is told late."
    )
    change: LoanChange = strawberry.field(description="What happens.")


@strawberry.input(description="A proposed change that a second person approves.")
class ApproveLoanChangeInput:
    """Input of `approveLoanChange`."""

    idempotency_key: IdempotencyKey = strawberry.field(description=KEY)
    proposal_id: strawberry.ID = strawberry.field(description="The proposal.")


@strawberry.input(description="A proposed change that a second person does not approve.")
class RejectLoanChangeInput:
    """Input of `rejectLoanChange`."""

    idempotency_key: IdempotencyKey = strawberry.field(description=KEY)
    proposal_id: strawberry.ID = strawberry.field(description="The proposal.")
    note: str = strawberry.field(description="Why; no personal data.")
