"""Who may ask for what, as data: every field of every type has an audience, and a field without one fails the build."""

from __future__ import annotations

from typing import Any, Final

from graphql import GraphQLObjectType, GraphQLSchema

from graphql_api.auth import STAFF, Role
from graphql_api.faults import Fault

Audience = frozenset[Role | None]

VIEWERS: Final[Audience] = frozenset(Role)
"""Everybody with a token."""
ANYONE: Final[Audience] = VIEWERS | {None}
"""Everybody."""
HOUSE: Final[Audience] = frozenset(STAFF)
ACCOUNTS: Final[Audience] = frozenset({Role.ACCOUNTANT, Role.OPERATIONS, Role.AUDITOR, Role.ADMINISTRATOR})
CREDIT: Final[Audience] = frozenset(
    {Role.UNDERWRITER, Role.RISK_OFFICER, Role.OPERATIONS, Role.AUDITOR, Role.ADMINISTRATOR}
)
LENDING: Final[Audience] = HOUSE - {Role.COLLECTOR}
ARREARS: Final[Audience] = frozenset({Role.COLLECTOR, Role.OPERATIONS, Role.AUDITOR, Role.ADMINISTRATOR})
CHECKING: Final[Audience] = frozenset(
    {Role.OPERATIONS, Role.RISK_OFFICER, Role.ACCOUNTANT, Role.AUDITOR, Role.ADMINISTRATOR}
)
LOANS: Final[Audience] = VIEWERS - {Role.COLLECTOR}
"""A collector meets a loan in his cases only."""

QUERY: Final[dict[str, Audience]] = {
    "version": ANYONE,
    "viewer": ANYONE,
    "quote": VIEWERS,
    "simulate": VIEWERS,
    "sharePayment": LOANS,
    "businessDate": VIEWERS,
    "node": VIEWERS,
    "nodes": VIEWERS,
    "application": LOANS,
    "applications": LOANS,
    "loan": LOANS,
    "loans": LENDING,
    "reviewQueue": CREDIT,
    "entry": ACCOUNTS,
    "eventEntries": ACCOUNTS,
    "books": ACCOUNTS,
    "accounts": ACCOUNTS,
    "trialBalance": ACCOUNTS,
    "accountBalance": ACCOUNTS,
    "accountStatement": ACCOUNTS,
    "balancesDuring": ACCOUNTS,
    "clearingAccounts": ACCOUNTS,
    "checkpoints": ACCOUNTS,
    "previewEntry": ACCOUNTS,
    "checkEntry": frozenset({Role.ACCOUNTANT}),
    "paymentOrder": ACCOUNTS,
    "paymentOrders": ACCOUNTS,
    "reconciliationRuns": ACCOUNTS,
    "discrepancies": ACCOUNTS,
    "dayRun": ACCOUNTS,
    "dayRuns": ACCOUNTS,
    "collectionCase": ARREARS,
    "collectionCases": ARREARS,
    "loanChangeProposals": CHECKING,
}
MUTATION: Final[dict[str, Audience]] = {
    "submitApplication": frozenset({Role.PARTNER}),
    "reviewApplication": frozenset({Role.UNDERWRITER}),
    "acceptOffer": frozenset({Role.BORROWER, Role.PARTNER}),
    "cancelApplication": frozenset({Role.BORROWER, Role.PARTNER, Role.OPERATIONS}),
    "repayLoan": frozenset({Role.PARTNER, Role.OPERATIONS}),
    "repayLoans": frozenset({Role.PARTNER, Role.OPERATIONS}),
    "reverseRepayment": frozenset({Role.OPERATIONS, Role.ACCOUNTANT}),
    "closeDay": frozenset({Role.OPERATIONS, Role.ADMINISTRATOR}),
    "closePeriod": frozenset({Role.ACCOUNTANT}),
    "reverseEntry": frozenset({Role.ACCOUNTANT}),
    "postEntries": frozenset({Role.ACCOUNTANT}),
    "changeLoan": frozenset({Role.PARTNER, Role.OPERATIONS, Role.ACCOUNTANT}),
    "approveLoanChange": frozenset({Role.OPERATIONS, Role.ACCOUNTANT, Role.ADMINISTRATOR}),
    "rejectLoanChange": frozenset({Role.OPERATIONS, Role.ACCOUNTANT, Role.ADMINISTRATOR}),
}
FIELDS: Final[dict[tuple[str, str], Audience]] = {
    ("Application", "decisions"): CREDIT,
    ("Application", "steps"): LENDING | {Role.PARTNER},
    ("Loan", "serviceFee"): ACCOUNTS,
    ("Loan", "entries"): ACCOUNTS,
    ("Loan", "statement"): ACCOUNTS,
    ("LoanFact", "actor"): LENDING,
    ("LoanFact", "approver"): LENDING,
    ("LoanFact", "details"): LENDING,
}
"""Fields that fewer may ask for than their type."""
KINDS: Final[dict[str, Audience]] = {
    "Application": LOANS,
    "Loan": LOANS,
    "Repayment": LOANS,
    "ReviewTask": CREDIT,
    "PaymentOrder": ACCOUNTS,
    "ReconciliationRun": ACCOUNTS,
    "Discrepancy": ACCOUNTS,
    "Entry": ACCOUNTS,
    "CollectionCase": ARREARS,
    "DayRun": ACCOUNTS,
    "LoanChangeProposal": CHECKING,
}
"""Who finds things of a type by their global ids; for others they do not exist."""
REACHED: Final = frozenset(
    {
        "Account",
        "AccountBalance",
        "AccountStatement",
        "Application",
        "ApplicationStep",
        "Book",
        "BalancePoint",
        "Breakdown",
        "CapVerdict",
        "CaseContact",
        "CaseEvent",
        "Checkpoint",
        "ClearingAccount",
        "CollectionCase",
        "ContingentCost",
        "CostDisclosure",
        "CostItem",
        "DayRefusal",
        "DayRun",
        "DayStep",
        "Decision",
        "DecisionReason",
        "DimensionValue",
        "Dimensions",
        "Discrepancy",
        "DiscrepancyResolution",
        "Entry",
        "EntryLine",
        "EntryPreview",
        "EntryProof",
        "ExplainedAmount",
        "Fault",
        "Instalment",
        "Loan",
        "LivedInstalment",
        "LoanChangeProposal",
        "LoanEvent",
        "LoanFact",
        "LoanShare",
        "LoanStatement",
        "LoanTransaction",
        "Money",
        "NamedText",
        "Offer",
        "PageInfo",
        "PaymentEvent",
        "PaymentOrder",
        "PayoffQuote",
        "Period",
        "PlannedInstalment",
        "PostedEntry",
        "PostedLine",
        "Position",
        "ProductVersion",
        "QuoteSums",
        "QuoteTotals",
        "QuotedFee",
        "QuotedInstalment",
        "ReconciliationRun",
        "Repayment",
        "ReviewDecision",
        "ReviewTask",
        "ScheduleVersion",
        "SimulatedMovement",
        "SimulatedStep",
        "StatementLine",
        "TransactionPart",
        "TrialBalance",
        "TrialBalanceRow",
        "Turnover",
        "Viewer",
    }
)
"""Types whose fields are for whoever reached the object; a new type is added here or above by somebody who thought."""


def kinds_of(kind: str) -> Audience:
    """Who finds things of a type by their ids."""
    return KINDS.get(kind, frozenset())


def audience(kind: str, name: str, *, payload: bool) -> Audience | None:
    """The audience of a field, or None when nobody has decided; `payload` is a type that a mutation returns."""
    if kind == "Query":
        return QUERY.get(name)
    if kind == "Mutation":
        return MUTATION.get(name)
    if (kind, name) in FIELDS:
        return FIELDS[kind, name]
    return ANYONE if payload or kind in REACHED or kind.endswith(("Connection", "Edge")) else None


def guard(schema: GraphQLSchema) -> GraphQLSchema:
    """Put each field behind its audience; a field without one is a mistake of the build."""
    for kind in schema.type_map.values():
        if not isinstance(kind, GraphQLObjectType) or kind.name.startswith("__"):
            continue
        payload = kind.name.endswith("Result") or any(one.name == "Refusal" for one in kind.interfaces)
        for name, field in kind.fields.items():
            known = audience(kind.name, name, payload=payload)
            assert known is not None, f"{kind.name}.{name} has no policy"
            if known != ANYONE:
                field.resolve = _guarded(field.resolve, known)
    return schema


def _guarded(resolve: Any, known: Audience) -> Any:  # noqa: ANN401 - the executor's own signature
    """Ask for the viewer's role before the field is read."""
    assert resolve is not None, "every field of the schema has a resolver"

    def checked(source: Any, info: Any, **arguments: Any) -> Any:  # noqa: ANN401 - as above
        role = info.context.viewer.role
        if role not in known:
            raise Fault("UNAUTHENTICATED" if role is None else "FORBIDDEN")
        return resolve(source, info, **arguments)

    return checked
