"""What callers give: one input per mutation, each with the caller's own idempotency key."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import strawberry

from domain.origination import application as form
from domain.origination import review
from domain.party.customer import IdentityType
from domain.product.accounting import Event
from domain.servicing.repayment import Intent
from graphql_api.scalars import IdempotencyKey
from graphql_api.types.value import MoneyInput
from ledger.entry import Side

KEY = "The caller's own number of this command; the same again is the same command."


@strawberry.enum(description="Whether entries of one command stand or fall together.")
class PostingMode(StrEnum):
    """How `postEntries` treats a refused entry."""

    ATOMIC = "ATOMIC"
    INDEPENDENT = "INDEPENDENT"


@strawberry.input(description="A repayment that was received.")
class RepayLoanInput:
    """Input of `repayLoan`."""

    idempotency_key: IdempotencyKey = strawberry.field(description=KEY)
    loan_id: strawberry.ID = strawberry.field(description="The loan.")
    amount: MoneyInput = strawberry.field(description="The whole amount.")
    paid_on: date = strawberry.field(description="Day on which it was paid; decides what it meets.")
    intent: Intent = strawberry.field(default=Intent.DUE, description="What the payer wants it to do.")


@strawberry.input(description="One repayment of many.")
class RepaymentItemInput:
    """One item of `repayLoans`."""

    reference: IdempotencyKey = strawberry.field(description="The caller's number of this item within the command.")
    loan_id: strawberry.ID = strawberry.field(description="The loan.")
    amount: MoneyInput = strawberry.field(description="The whole amount.")
    paid_on: date = strawberry.field(description="Day on which it was paid.")
    intent: Intent = strawberry.field(default=Intent.DUE, description="What the payer wants it to do.")


@strawberry.input(description="Up to 500 repayments; each is answered by itself.")
class RepayLoansInput:
    """Input of `repayLoans`."""

    idempotency_key: IdempotencyKey = strawberry.field(description=KEY)
    items: list[RepaymentItemInput] = strawberry.field(description="1 to 500 repayments.")


@strawberry.input(description="A repayment that did not happen after all.")
class ReverseRepaymentInput:
    """Input of `reverseRepayment`."""

    idempotency_key: IdempotencyKey = strawberry.field(description=KEY)
    repayment_id: strawberry.ID = strawberry.field(description="The repayment.")
    effective_on: date = strawberry.field(description="Accounting date of the reversal.")


@strawberry.input(description="What a reviewer concludes on a task; the viewer signs it.")
class ReviewApplicationInput:
    """Input of `reviewApplication`."""

    idempotency_key: IdempotencyKey = strawberry.field(description=KEY)
    task_id: strawberry.ID = strawberry.field(description="The task.")
    finding: review.Finding = strawberry.field(description="The conclusion.")
    reasons: list[review.Reason] = strawberry.field(description="One reason or more.")
    note: str = strawberry.field(default="", description="Free words for colleagues; no personal data.")


@strawberry.input(description="The borrower accepts exactly what was shown.")
class AcceptOfferInput:
    """Input of `acceptOffer`."""

    idempotency_key: IdempotencyKey = strawberry.field(description=KEY)
    application_id: strawberry.ID = strawberry.field(description="The application.")
    disclosure_hash: str = strawberry.field(description="Hash of the disclosure that was shown.")
    read_seconds: int = strawberry.field(description="How long it was on the screen.")


@strawberry.input(description="The wish to end an application.")
class CancelApplicationInput:
    """Input of `cancelApplication`."""

    idempotency_key: IdempotencyKey = strawberry.field(description=KEY)
    application_id: strawberry.ID = strawberry.field(description="The application.")
    reasons: list[str] = strawberry.field(description="Reasons as codes.")


@strawberry.input(description="The borrower of an application; personal data, sealed on arrival.")
class BorrowerInput:
    """借款人信息对象, the part that a first application needs."""

    name: str = strawberry.field(description="Name (客户名称).")
    id_type: IdentityType = strawberry.field(description="Type of the identity document.")
    id_no: str = strawberry.field(description="Number of the identity document (证件号码).")
    mobile: str = strawberry.field(description="Mobile number (手机号码).")
    credit_inquiry_consent: bool = strawberry.field(description="Whether the credit bureau may be asked (征信查询).")
    marital_code: str | None = strawberry.field(default=None, description="Marital status, GB/T 2261.2.")
    education_code: str | None = strawberry.field(default=None, description="Education, GB/T 4658.")
    occupation_code: str | None = strawberry.field(default=None, description="Occupation, GB/T 6565.")


@strawberry.input(description="An account of the borrower.")
class BankAccountInput:
    """账号信息对象."""

    usage: form.AccountUsage = strawberry.field(description="What it is for.")
    account_no: str = strawberry.field(description="Number (账号).")
    account_name: str = strawberry.field(description="Holder (户名).")
    account_type: form.AccountType = strawberry.field(description="Type.")
    bank_name: str = strawberry.field(description="Bank (银行名称).")


@strawberry.input(description="A feature agreed for this channel and product (扩展参数).")
class FeatureInput:
    """One extension field, written as the agreement says."""

    name: str = strawberry.field(description="Name of the feature.")
    text: str | None = strawberry.field(default=None, description="A code or a decimal.")
    number: int | None = strawberry.field(default=None, description="A whole number.")
    flag: bool | None = strawberry.field(default=None, description="Yes or no.")


@strawberry.input(description="An application for a loan; the same as `credit.apply` on the channel interface.")
class SubmitApplicationInput:
    """Input of `submitApplication`."""

    idempotency_key: IdempotencyKey = strawberry.field(
        description="Traces this command, as `requestNo` does; what makes it once is `channelApplicationNo`."
    )
    channel_application_no: str = strawberry.field(
        description="The channel's own number (渠道申请单号): the same with the same content is the same application."
    )
    product_code: str = strawberry.field(description="Product number (产品编号).")
    amount: MoneyInput = strawberry.field(description="What is asked for.")
    term_months: int = strawberry.field(description="For how many months.")
    purpose_code: str = strawberry.field(description="Purpose of the loan (贷款用途代码).")
    borrower: BorrowerInput = strawberry.field(description="The borrower.")
    accounts: list[BankAccountInput] = strawberry.field(description="Accounts to pay to and to collect from.")
    features: list[FeatureInput] = strawberry.field(
        default_factory=list, description="Features agreed for this channel and product."
    )


@strawberry.input(description="A business date to close.")
class CloseDayInput:
    """Input of `closeDay`."""

    idempotency_key: IdempotencyKey = strawberry.field(
        description="Traces this command; what makes it once is the date, whoever orders it."
    )
    business_date: date = strawberry.field(description="The date: the day after the last one that was closed.")


@strawberry.input(description="An accounting month to close for ever.")
class ClosePeriodInput:
    """Input of `closePeriod`."""

    idempotency_key: IdempotencyKey = strawberry.field(description=KEY)
    book: int = strawberry.field(description="Number of the book.")
    month: int = strawberry.field(description="The month as yyyymm; the earliest one that is not closed.")


@strawberry.input(description="One line of an entry.")
class EntryLineInput:
    """One line of a manual entry."""

    account: str = strawberry.field(description="Code of a leaf account.")
    side: Side = strawberry.field(description="Debit or credit.")
    amount: MoneyInput = strawberry.field(description="The amount, positive.")


@strawberry.input(description="An entry written by hand.")
class EntryInput:
    """One entry of `postEntries`, or the one of `checkEntry`."""

    reference: IdempotencyKey = strawberry.field(description="The caller's number of this entry within the command.")
    book: int = strawberry.field(description="Number of the book.")
    effective_on: date = strawberry.field(description="Accounting date.")
    description: str = strawberry.field(description="Why; no personal data.")
    lines: list[EntryLineInput] = strawberry.field(description="Two lines or more; debits equal credits.")


@strawberry.input(description="Up to 500 entries written by hand.")
class PostEntriesInput:
    """Input of `postEntries`."""

    idempotency_key: IdempotencyKey = strawberry.field(description=KEY)
    mode: PostingMode = strawberry.field(description="Whether they stand or fall together.")
    items: list[EntryInput] = strawberry.field(description="1 to 500 entries.")


@strawberry.input(description="An entry written by hand that was wrong.")
class ReverseEntryInput:
    """Input of `reverseEntry`."""

    idempotency_key: IdempotencyKey = strawberry.field(description=KEY)
    entry_id: strawberry.ID = strawberry.field(description="The entry.")
    effective_on: date = strawberry.field(description="Accounting date of the reversal.")
    reason: str = strawberry.field(description="Why; no personal data.")


@strawberry.input(description="The amount of one component.")
class ComponentAmountInput:
    """One component of `previewEntry`."""

    component: str = strawberry.field(description="Name of the component, `principal`.")
    amount: MoneyInput = strawberry.field(description="Its amount.")


@strawberry.input(description="A business event to render into its entry.")
class PreviewEntryInput:
    """Input of `previewEntry`."""

    product_code: str = strawberry.field(description="Product number (产品编号).")
    event: Event = strawberry.field(description="The event.")
    effective_on: date = strawberry.field(description="Accounting date; decides the product version.")
    amounts: list[ComponentAmountInput] = strawberry.field(description="Amounts by component.")
