"""`submitApplication`: the input as the business content of `credit.apply`, and its faults under the input's own names.

Nothing is checked here. The content goes through the channel's own door, so that both interfaces have one set of rules,
one idempotency and one memory; only the names differ, and the table of names stands in this file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Final

import strawberry

from domain.channel import operations as channels
from domain.channel.mapping import ValuesDisagree
from domain.channel.operations import Business
from domain.channel.routing import ProductNotRouted
from domain.channel.signature import ChannelSuspended
from domain.origination import application as form
from domain.origination import queries as applications
from domain.origination.workflow import FlowInvalid
from domain.party import queries as parties
from domain.party.customer import CustomerNameDiffers
from domain.refusals import Invalid, KeyReused, Refusal
from graphql_api.inputs import SubmitApplicationInput
from graphql_api.types.application import Application
from graphql_api.types.field import presents
from graphql_api.types.refusal import payload
from graphql_api.types.value import Ask

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from domain.channel.envelope import Json
    from domain.party.partner import Channel
    from graphql_api.inputs import BankAccountInput, BorrowerInput, FeatureInput

NAMES: Final = (
    ("channelApplicationNo", "channelApplicationNo"),
    ("productNo", "productCode"),
    ("loanApplication.productNo", "productCode"),
    ("loanApplication.applyAmount", "amount"),
    ("loanApplication.currency", "amount.currency"),
    ("loanApplication.applyTerm", "termMonths"),
    ("loanApplication.purposeCode", "purposeCode"),
    ("borrower.customerName", "borrower.name"),
    ("borrower.idTypeCode", "borrower.idType"),
    ("borrower.creditInquiryConsent.given", "borrower.creditInquiryConsent"),
    ("accounts[].accountUsageCode", "accounts[].usage"),
    ("accounts[].currency", "amount.currency"),
)
"""Paths on the wire of a channel and in the input, where they differ; `[]` is any number."""
_TABLE: Final = dict(NAMES)
_NUMBER: Final = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenIn:
    """An application that was taken in, as it stands now."""

    application: form.Application
    is_replay: bool


@strawberry.type(description="The application was taken in; taken in is not yet approved.")
@presents(TakenIn)
class SubmitApplicationResult:
    """Presents an application that was taken in."""

    application: Application = strawberry.field(description="The application, as it stands now.")
    is_replay: bool = strawberry.field(
        description="Whether this number had been taken in with the same content, on whichever interface."
    )


SubmitApplicationPayload: Any = payload(
    "SubmitApplicationPayload",
    "What `submitApplication` answers.",
    SubmitApplicationResult,
    Invalid,
    ProductNotRouted,
    KeyReused,
    CustomerNameDiffers,
    ChannelSuspended,
    FlowInvalid,
)


def submit_application(
    info: Ask,
    input: Annotated[SubmitApplicationInput, strawberry.argument(description="The application.")],  # noqa: A002 - Relay's name
) -> Any:  # noqa: ANN401 - a union of the schema
    """Take in an application of the viewer's own channel."""
    context = info.context
    vault, channel_id = context.house.desk.vault, context.viewer.channel_id
    assert channel_id is not None, "the policy lets partners in, and a partner is bound to a channel"
    asked = content(input)

    def write(conn: Connection) -> TakenIn | Refusal:
        channel = parties.channel_of(conn, channel_id, vault=vault)
        if channel is None:
            return ChannelSuspended()
        reply = channels.apply_for(
            conn,
            asked,
            channel=channel,
            request_no=input.idempotency_key,
            received_at=context.received_at,
            handlers=Business(vault=vault),
            zone=context.house.zone,
        )
        if reply.refusal is not None:
            return renamed(reply.refusal)
        return TakenIn(application=_taken(conn, channel, input.channel_application_no), is_replay=reply.is_replay)

    context.renew()
    return context.store.run(write)


def content(given: SubmitApplicationInput) -> dict[str, Json]:
    """Return the business content of `credit.apply` that says the same as the input."""
    return {
        "channelApplicationNo": given.channel_application_no,
        "productNo": given.product_code,
        "loanApplication": {
            "productNo": given.product_code,
            "applyAmount": str(given.amount.amount),
            "currency": given.amount.currency,
            "applyTerm": given.term_months,
            "purposeCode": given.purpose_code,
        },
        "borrower": _borrower(given.borrower),
        "accounts": [_account(one, given.amount.currency) for one in given.accounts],
        "extParams": _features(given.features),
    }


def renamed(refusal: Refusal) -> Refusal:
    """Return a refusal with the paths of the input in place of those of the message."""
    if isinstance(refusal, Invalid):
        return Invalid(field=_name(refusal.field), faults=tuple(renamed(one) for one in refusal.faults))
    if isinstance(refusal, ValuesDisagree):
        return replace(refusal, field=_name(refusal.field), other=_name(refusal.other) or refusal.other)
    return replace(refusal, field=_name(refusal.field))


def _name(path: str | None) -> str | None:
    """Write a path of the message as one of the input."""
    if path is None:
        return None
    wire = path.removeprefix("bizContent.")
    if wire.startswith("extParams"):
        return wire.replace("extParams", "features", 1)
    places = _NUMBER.findall(wire)
    name = _TABLE.get(_NUMBER.sub("[]", wire))
    if name is None:
        return wire
    for place in places:
        name = name.replace("[]", f"[{place}]", 1)
    return name


def _borrower(one: BorrowerInput) -> dict[str, Json]:
    """Return 借款人信息对象: the one who asks is the borrower himself."""
    known = {
        "customerName": one.name,
        "applicantTypeCode": form.ApplicantType.PRIMARY.value,
        "relationCode": form.Relation.SELF.value,
        "idTypeCode": one.id_type.value,
        "idNo": one.id_no,
        "mobile": one.mobile,
        "maritalCode": one.marital_code,
        "educationCode": one.education_code,
        "occupationCode": one.occupation_code,
    }
    consent: dict[str, Json] = {"given": one.credit_inquiry_consent}
    return {**{name: value for name, value in known.items() if value is not None}, "creditInquiryConsent": consent}


def _account(one: BankAccountInput, currency: str) -> Json:
    """Return one of 账号信息对象, in the currency of the loan."""
    return {
        "accountUsageCode": one.usage.value,
        "accountNo": one.account_no,
        "accountName": one.account_name,
        "accountType": one.account_type.value,
        "currency": currency,
        "bankName": one.bank_name,
    }


def _features(given: list[FeatureInput]) -> dict[str, Json]:
    """Return 扩展参数; a feature without one value, or named twice, becomes an object, which no feature may be."""
    found: dict[str, Json] = {}
    for one in given:
        values: list[Json] = [value for value in (one.text, one.number, one.flag) if value is not None]
        found[one.name] = values[0] if len(values) == 1 and one.name not in found else {}
    return found


def _taken(conn: Connection, channel: Channel, number: str) -> form.Application:
    """The application under the channel's number."""
    found = applications.by_channel_number(conn, channel_id=channel.channel_id, channel_application_no=number)
    assert found is not None, "what was taken in is there"
    return found
