"""Enumerations of the domain under the names that the schema gives them; registered before any type reads them."""

from __future__ import annotations

from typing import Final

import strawberry

from domain.collections import case, contact, delinquency
from domain.day import step as closing
from domain.decisioning import facts as judged
from domain.origination import application as form
from domain.origination import review, workflow
from domain.party.customer import IdentityType
from domain.payment import order
from domain.product.accounting import Event
from domain.reconciliation import discrepancy
from domain.servicing import allocation, approval, daycount, duedate, event, fact, repayment
from domain.servicing import position as standing
from domain.servicing import standing as lives
from domain.servicing import terms as contract
from graphql_api.auth import Role
from ledger import account, books, period, statements
from ledger import entry as ledger_entry

REGISTERED: Final = (
    strawberry.enum(Event, name="PostingEvent", description="Business events that post."),
    strawberry.enum(IdentityType, name="IdentityType", description="Type of an identity document (证件类型)."),
    strawberry.enum(form.AccountUsage, name="AccountUsage", description="What an account is for (账号用途)."),
    strawberry.enum(form.AccountType, name="AccountType", description="Type of an account (账号类型)."),
    strawberry.enum(Role, name="Role", description="What a viewer is to the house."),
    strawberry.enum(ledger_entry.Side, name="Side", description="Debit or credit."),
    strawberry.enum(account.AccountClass, name="AccountClass", description="Class of an account in the chart."),
    strawberry.enum(statements.Dimension, name="Dimension", description="What a trial balance can be split by."),
    strawberry.enum(
        statements.Granularity, name="Granularity", description="Length of the stretches of a series of balances."
    ),
    strawberry.enum(books.ReversalStyle, name="ReversalStyle", description="How reports show a reversal."),
    strawberry.enum(period.PeriodState, name="PeriodState", description="State of an accounting month."),
    strawberry.enum(order.Kind, name="PaymentKind", description="What the bank is asked to do."),
    strawberry.enum(order.State, name="PaymentState", description="Where a payment order stands."),
    strawberry.enum(order.Outcome, name="PaymentOutcome", description="What one observation says."),
    strawberry.enum(order.Anomaly, name="PaymentAnomaly", description="A contradiction that is kept and not applied."),
    strawberry.enum(discrepancy.Class, name="DiscrepancyClass", description="What kind of difference it is."),
    strawberry.enum(discrepancy.Action, name="DiscrepancyAction", description="How a difference was closed."),
    strawberry.enum(case.CloseReason, name="CaseCloseReason", description="Why a case ended."),
    strawberry.enum(case.EventKind, name="CaseEventKind", description="What can happen in a case."),
    strawberry.enum(delinquency.Bucket, name="Bucket", description="How late a loan is (逾期阶段)."),
    strawberry.enum(contact.Channel, name="ContactChannel", description="The way on which somebody was contacted."),
    strawberry.enum(contact.LineStatus, name="LineStatus", description="What became of a call."),
    strawberry.enum(contact.Outcome, name="ContactOutcome", description="What came of a contact."),
    strawberry.enum(workflow.Stage, name="ApplicationStage", description="A place where an application stands."),
    strawberry.enum(workflow.Worker, name="Worker", description="Who must act next."),
    strawberry.enum(workflow.Verdict, name="StageVerdict", description="What came out of a stage."),
    strawberry.enum(review.Finding, name="ReviewFinding", description="What a reviewer concludes."),
    strawberry.enum(review.Reason, name="ReviewReason", description="Structured reasons of people."),
    strawberry.enum(judged.Outcome, name="DecisionOutcome", description="The three answers of a decision."),
    strawberry.enum(judged.Stage, name="DecisionStage", description="The points at which approval calls risk."),
    strawberry.enum(standing.Status, name="LoanStatus", description="Where a loan stands on a day."),
    strawberry.enum(
        contract.Method, name="RepaymentMethod", description="How principal and interest are spread (还款方式)."
    ),
    strawberry.enum(daycount.DayCount, name="DayCount", description="How days become a fraction of a year (计息基础)."),
    strawberry.enum(
        repayment.Intent, name="RepaymentIntent", description="What the payer wants the money to do (还款意图)."
    ),
    strawberry.enum(repayment.Source, name="RepaymentSource", description="Where the money of a repayment comes from."),
    strawberry.enum(closing.Step, name="DayStepName", description="Steps of the close of business, in their order."),
    strawberry.enum(closing.State, name="DayRunState", description="How far the close of a date has come."),
    strawberry.enum(event.EventKind, name="LoanEventKind", description="What can happen to a loan."),
    strawberry.enum(lives.Standing, name="LifeStatus", description="Where a life stands on a day."),
    strawberry.enum(event.ScheduleReason, name="ScheduleReason", description="Why a schedule was made."),
    strawberry.enum(
        allocation.Component, name="LoanComponent", description="What an amount is to the borrower (本金, 利息, …)."
    ),
    strawberry.enum(fact.Basis, name="ChargeBasis", description="Of what a charge is a fraction."),
    strawberry.enum(fact.Scope, name="CompensationScope", description="What a guarantor pays (代偿范围)."),
    strawberry.enum(duedate.Unit, name="PeriodUnit", description="Unit of the periods of a schedule."),
    strawberry.enum(approval.ProposalState, name="ProposalState", description="What became of a proposal."),
)
"""Every enumeration of the schema that the domain owns."""
