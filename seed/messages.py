"""The German credit applications as signed channel messages, with invented people: the same seed, the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from random import Random

from domain.channel.envelope import Json
from domain.channel.signature import message
from domain.origination.application import DEVICE_FEATURE
from domain.party.customer import Gender
from domain.party.partner import ChannelKey
from ledger.money import Money
from seed import names, products
from seed.german import GermanApplication
from seed.parties import APP_ID, CHANNEL_CODE


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """An invented borrower."""

    name: str
    identity_number: str
    mobile: str
    card: str
    bank: str
    device: str


def applicant(application: GermanApplication, *, on: date, seed: int = 42, card_suffix: str | None = None) -> Applicant:
    """Return the borrower of a row: of the row's age and sex on a day, the same every time."""
    random = Random(f"applicant {seed} {application.row}")
    status = str(application.facts.get("personal_status_sex", ""))
    gender = Gender.FEMALE if status.startswith("FEMALE") else Gender.MALE
    card, bank = names.card(random, suffix=card_suffix)
    return Applicant(
        name=names.name(random),
        identity_number=names.identity_number(random, age=application.age, gender=gender, on=on),
        mobile=names.mobile(random),
        card=card,
        bank=bank,
        device=f"dev-{Random(f'device {seed} {application.row}').getrandbits(64):016x}",
    )


def application_no(application: GermanApplication) -> str:
    """Return the channel's number of a row's application: its business number."""
    return f"MK-{application.row:05d}"


def content(application: GermanApplication, borrower: Applicant, *, on: date) -> dict[str, Json]:
    """Return the business content of `credit.apply` for a row."""
    return {
        "channelNo": CHANNEL_CODE,
        "channelApplicationNo": application_no(application),
        "productNo": products.CODE,
        "loanApplication": {
            "productNo": products.CODE,
            "applyAmount": str(Money(application.amount, "CNY")),
            "currency": "CNY",
            "applyTerm": application.term_months,
            "applyTermUnit": "M",
            "purposeCode": application.purpose_code,
            "repayMethod": "EQUAL_INSTALMENT",
        },
        "borrower": {
            "customerName": borrower.name,
            "applicantTypeCode": "PRIMARY",
            "relationCode": "SELF",
            "customerType": "INDIVIDUAL",
            "mobile": borrower.mobile,
            "idTypeCode": "RESIDENT_ID",
            "idNo": borrower.identity_number,
            "creditInquiryConsent": {
                "given": True,
                "evidenceId": f"CI-{application.row:05d}",
                "textVersion": "1",
                "givenOn": on.isoformat(),
            },
        },
        "accounts": [
            {
                "accountUsageCode": "03",
                "accountNo": borrower.card,
                "accountName": borrower.name,
                "accountType": "DEBIT_CARD",
                "currency": "CNY",
                "bankName": borrower.bank,
            }
        ],
        "extParams": {**application.extension, DEVICE_FEATURE: borrower.device},
    }


def signed(application: GermanApplication, *, at: datetime, key: ChannelKey, seed: int = 42, attempt: int = 1) -> bytes:
    """Return the signed message of a row, sent at an instant; `attempt` gives a repetition its own nonce."""
    borrower = applicant(application, on=at.date(), seed=seed)
    return message(
        content(application, borrower, on=at.date()),
        app_id=APP_ID,
        api_name="credit.apply",
        request_no=f"RQ-{application.row:05d}-{attempt}",
        nonce=f"n{seed}-{application.row:05d}-{attempt}",
        timestamp=at,
        key=key,
    )
