"""The application form: a typed place for each of the 45 form fields (claim 3) and the 11 borrower fields (claim 2).

Numbers in brackets are the field numbers of the domain reference, §1.10 (F2) and §1.11 (F3). A field which a partner
may leave out is optional; code lists are enumerations, so a code outside the list cannot enter. The values assert only
what is true of every form; a partner's mistakes are found and named by `domain.channel.mapping`, which builds it.

`stored` is what the application row keeps: the form without anything that identifies a person. Names, numbers and
accounts belong to the encrypted customer of `domain.party`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from domain.calendar import age_on
from domain.origination.workflow import Stage, State, Worker, waits_for
from domain.party.customer import IdentityType, born_on
from ledger.money import Money

Feature: TypeAlias = str | int | Decimal | bool
"""The value of an extension feature; amounts among them are whole minor units (int)."""

Json: TypeAlias = str | int | bool | list["Json"] | dict[str, "Json"] | None
"""What a stored form is made of: no float, so no amount or rate can be blurred; decimals are strings."""


class TermUnit(StrEnum):
    """Unit of a term (F2-09)."""

    DAY = "D"
    MONTH = "M"


class RateUnit(StrEnum):
    """Unit of a rate (F2-07): 日 / 月 / 年."""

    DAY = "D"
    MONTH = "M"
    YEAR = "Y"


class ApplicantType(StrEnum):
    """申请人类型代码 (F3-27)."""

    PRIMARY = "PRIMARY"
    CO_BORROWER = "CO_BORROWER"
    GUARANTOR = "GUARANTOR"
    CONTACT = "CONTACT"


class Relation(StrEnum):
    """和主申请人关系代码 (F3-29)."""

    SELF = "SELF"
    SPOUSE = "SPOUSE"
    PARENT = "PARENT"
    CHILD = "CHILD"
    RELATIVE = "RELATIVE"
    COLLEAGUE = "COLLEAGUE"
    FRIEND = "FRIEND"
    OTHER = "OTHER"


class CustomerType(StrEnum):
    """客户类型 (F3-30): 个人, 个体工商户, 小微企业主, 企业."""

    INDIVIDUAL = "INDIVIDUAL"
    SOLE_TRADER = "SOLE_TRADER"
    SMALL_BUSINESS_OWNER = "SMALL_BUSINESS_OWNER"
    COMPANY = "COMPANY"


class Marital(StrEnum):
    """婚姻代码 (F3-34), GB/T 2261.2."""

    SINGLE = "10"
    MARRIED = "20"
    FIRST_MARRIAGE = "21"
    REMARRIED = "22"
    REMARRIED_TO_FORMER = "23"
    WIDOWED = "30"
    DIVORCED = "40"
    UNSTATED = "90"


class Education(StrEnum):
    """最高学历 (F3-35), GB/T 4658."""

    POSTGRADUATE = "10"
    BACHELOR = "20"
    COLLEGE = "30"
    VOCATIONAL = "40"
    HIGH_SCHOOL = "60"
    MIDDLE_SCHOOL = "70"
    PRIMARY_SCHOOL = "80"
    OTHER = "90"


class AccountUsage(StrEnum):
    """账号用途代码 (F3-37): 01 放款, 02 还款, 03 放还款."""

    DISBURSEMENT = "01"
    REPAYMENT = "02"
    BOTH = "03"


class AccountType(StrEnum):
    """账号类型 (F3-41): 借记卡, 信用卡, 存折, 对公. Only a debit card may receive a loan."""

    DEBIT_CARD = "DEBIT_CARD"
    CREDIT_CARD = "CREDIT_CARD"
    PASSBOOK = "PASSBOOK"
    CORPORATE = "CORPORATE"


class Link(StrEnum):
    """Kinds of things that two applications may share; only blind indexes of them are kept."""

    IDENTITY = "IDENTITY"
    DEVICE = "DEVICE"
    CARD = "CARD"
    MOBILE = "MOBILE"
    CONTACT = "CONTACT"


DEVICE_FEATURE = "device_id"
"""The extension feature by which a channel names the device."""


class ImageType(StrEnum):
    """影像类别编码 (F3-44)."""

    ID_FRONT = "ID_FRONT"
    ID_BACK = "ID_BACK"
    LIVENESS = "LIVENESS"
    CREDIT_CONSENT = "CREDIT_CONSENT"
    LOAN_CONTRACT = "LOAN_CONTRACT"
    INSURANCE = "INSURANCE"
    INCOME_PROOF = "INCOME_PROOF"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageHeader:
    """What the envelope said, kept with the form as evidence of where it came from."""

    app_id: str
    """商户应用id (F3-03): the partner application whose keys verified the message."""
    api_version: str
    """api版本 (F3-08)."""
    nonce: str
    """随机数 (F3-06): unique per application id within the window."""
    signature: str
    """签名 (F3-07), as received."""
    record_digest: str
    """记录内容 (F3-05): SHA-256 (hex) of the body as received; the body itself is personal and is not repeated."""
    token: str | None = field(default=None, repr=False)
    """令牌id (F3-01): the session token; a secret, so never stored and never printed."""
    open_id: str | None = None
    """openid (F3-02): the channel's pseudonym of its user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Evidence of the permission to inquire at the credit bureau (F3-28 是否允许征信查询)."""

    given: bool
    """The answer itself."""
    evidence_id: str | None = None
    """The partner's number of the signed text."""
    text_version: str | None = None
    """Version of the text that was agreed to."""
    given_on: date | None = None
    """Day of consent, Asia/Shanghai."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanRequest:
    """借款申请信息 (F3-12): what is asked for."""

    product_code: str
    """产品编号 (F3-19, F2-10); must equal the message's (F3-10): the channel checks it."""
    amount: int
    """申请金额 (F3-22, F2-06), minor units of `currency`, positive."""
    currency: str
    """币种代码 (F3-39), ISO 4217 letters."""
    term: int
    """申请期限 (F3-23, F2-09), in `term_unit`."""
    term_unit: TermUnit = TermUnit.MONTH
    """Unit of the term."""
    purpose_code: str
    """贷款用途代码 (F3-20, F2-11)."""
    purpose_description: str | None = None
    """贷款用途说明 (F3-21)."""
    rate: Decimal | None = None
    """借款利率 (F2-07) as the channel showed it, a fraction in `rate_unit`; the product's own rate is what binds."""
    rate_unit: RateUnit = RateUnit.YEAR
    """Unit of the rate."""
    repayment_method: str | None = None
    """还款方式 (F2-08), a product method code."""
    goods_amount: int | None = None
    """商品购买金额 (F3-24), minor units; loans for goods only."""
    down_payment: int | None = None
    """首付金额 (F3-25), minor units; loans for goods only."""

    def __post_init__(self) -> None:
        """Assert what is true of every request: something is asked for, for some time."""
        assert self.amount > 0, "an application asks for a positive amount"
        assert self.term > 0, "an application asks for a positive term"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubApplication:
    """One of 子申请信息 (F3-13): a part of the request with its own number (split order, co-application)."""

    sub_application_no: str
    """The channel's number of the part."""
    amount: int
    """Minor units of the request's currency."""
    purpose_code: str | None = None
    """Purpose of this part, when it differs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """借款人信息对象 (F3-14) or one of 借款人子信息对象 (F3-15); personal data, never stored with the form."""

    name: str = field(repr=False)
    """客户名称 (F3-26, F2-02)."""
    applicant_type: ApplicantType = ApplicantType.PRIMARY
    """申请人类型代码 (F3-27)."""
    relation: Relation = Relation.SELF
    """和主申请人关系代码 (F3-29)."""
    customer_type: CustomerType = CustomerType.INDIVIDUAL
    """客户类型 (F3-30)."""
    mobile: str | None = field(default=None, repr=False)
    """手机号码 (F3-31, F2-03)."""
    id_type: IdentityType | None = None
    """证件类型代码 (F3-32)."""
    id_no: str | None = field(default=None, repr=False)
    """证件号码 (F3-33, F2-04)."""
    consent: Consent | None = None
    """是否允许征信查询 (F3-28) with its evidence."""
    marital: Marital | None = None
    """婚姻代码 (F3-34)."""
    education: Education | None = None
    """最高学历 (F3-35)."""
    occupation_code: str | None = None
    """职业 (F3-36), GB/T 6565 major group."""

    @property
    def born_on(self) -> date | None:
        """Birth date, as the checked identity number says; None where no number was sent."""
        return None if self.id_no is None else born_on(self.id_no)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One of 账号信息对象 (F3-16); personal data, never stored with the form."""

    usage: AccountUsage
    """账号用途代码 (F3-37)."""
    account_no: str = field(repr=False)
    """账号 (F3-42, F2-05)."""
    account_name: str = field(repr=False)
    """户名 (F3-40): the borrower's own name."""
    account_type: AccountType = AccountType.DEBIT_CARD
    """账号类型 (F3-41)."""
    currency: str = "CNY"
    """币种代码 (F3-39)."""
    account_code: str | None = None
    """账户代码 (F3-38): the partner's id of the account."""
    bank_name: str | None = None
    """银行名称 (F3-43)."""
    bank_code: str | None = None
    """Bank code or 12-digit 联行号, beside the name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One of 影像上传信息 (F3-17): a document to fetch once and keep by its hash."""

    image_type: ImageType
    """影像类别编码 (F3-44)."""
    file_url: str
    """文件下载链接 (F3-45)."""
    sha256: str | None = None
    """Hash (hex) announced by the partner, checked when the file is fetched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationForm:
    """表单: one submitted version of an application, as the asset adapter passed it on; frozen for ever."""

    header: MessageHeader
    """What the envelope said (F3-01…03, 05…08)."""
    channel_no: str
    """渠道编号 (F2-01)."""
    channel_application_no: str
    """渠道申请单号 (F3-09): with the channel, the idempotency key of the application."""
    product_code: str
    """产品编号 of the message (F3-10), by which it was routed."""
    loan: LoanRequest
    """借款申请信息 (F3-12)."""
    borrower: Person
    """借款人信息对象 (F3-14)."""
    accounts: tuple[Account, ...]
    """账号信息对象 (F3-16)."""
    application_no: str | None = None
    """申请单号 (F3-04): our number, when the partner repeats it on a resubmission; we give it on the first."""
    record_description: str | None = None
    """记录说明 (F3-11)."""
    sub_applications: tuple[SubApplication, ...] = ()
    """子申请信息 (F3-13)."""
    related_persons: tuple[Person, ...] = ()
    """借款人子信息对象 (F3-15): co-borrowers, spouse, contacts."""
    images: tuple[Image, ...] = ()
    """影像上传信息 (F3-17)."""
    extension: Mapping[str, Feature] = field(default_factory=dict)
    """扩展参数 (F3-18): typed features agreed per product and channel (credit history, for example)."""

    def __post_init__(self) -> None:
        """Freeze the extension, so that the whole form is frozen, and refuse floats in it."""
        assert not any(isinstance(value, float) for value in self.extension.values()), "an extension has no floats"
        object.__setattr__(self, "extension", MappingProxyType(dict(self.extension)))

    @property
    def receiving_account(self) -> Account | None:
        """The account that is to receive the loan (客户指定收款账户), or None if the form names none."""
        fitting = (a for a in self.accounts if a.usage in {AccountUsage.DISBURSEMENT, AccountUsage.BOTH})
        return next(fitting, None)

    @property
    def repayment_account(self) -> Account | None:
        """The account to collect from, or None if the form names none."""
        fitting = (a for a in self.accounts if a.usage in {AccountUsage.REPAYMENT, AccountUsage.BOTH})
        return next(fitting, None)


def facts(form: ApplicationForm, *, on: date) -> Mapping[str, Feature | None]:
    """Facts about the application that risk may judge: no name, number, account or address among them.

    `on` is the day of the decision (the age is counted to it, in completed years). Extension features keep their own
    names; a feature may not take the name of a form fact.
    """
    borrower, loan = form.borrower, form.loan
    own: dict[str, Feature | None] = {
        "amount": loan.amount,
        "term": loan.term,
        "term_unit": loan.term_unit.value,
        "purpose_code": loan.purpose_code,
        "goods_amount": loan.goods_amount,
        "down_payment": loan.down_payment,
        "customer_type": borrower.customer_type.value,
        "age": None if borrower.born_on is None else age_on(borrower.born_on, on),
        "marital": None if borrower.marital is None else borrower.marital.value,
        "education": None if borrower.education is None else borrower.education.value,
        "occupation_code": borrower.occupation_code,
        "credit_inquiry_consent": borrower.consent is not None and borrower.consent.given,
        "contacts": sum(1 for person in form.related_persons if person.applicant_type is ApplicantType.CONTACT),
    }
    assert not own.keys() & form.extension.keys(), "an extension feature hides a form fact"
    return {**own, **form.extension}


def stored(form: ApplicationForm) -> dict[str, Json]:
    """The form as its row keeps it: every field of its place, except the token and what identifies a person."""
    header, loan = form.header, form.loan
    return {
        "header": {
            "app_id": header.app_id,
            "api_version": header.api_version,
            "nonce": header.nonce,
            "signature": header.signature,
            "record_digest": header.record_digest,
            "open_id": header.open_id,
        },
        "channel_no": form.channel_no,
        "channel_application_no": form.channel_application_no,
        "product_code": form.product_code,
        "application_no": form.application_no,
        "record_description": form.record_description,
        "loan": {
            "product_code": loan.product_code,
            "amount": loan.amount,
            "currency": loan.currency,
            "term": loan.term,
            "term_unit": loan.term_unit.value,
            "purpose_code": loan.purpose_code,
            "purpose_description": loan.purpose_description,
            "rate": None if loan.rate is None else str(loan.rate),
            "rate_unit": loan.rate_unit.value,
            "repayment_method": loan.repayment_method,
            "goods_amount": loan.goods_amount,
            "down_payment": loan.down_payment,
        },
        "sub_applications": [
            {"sub_application_no": sub.sub_application_no, "amount": sub.amount, "purpose_code": sub.purpose_code}
            for sub in form.sub_applications
        ],
        "borrower": _person_stored(form.borrower),
        "related_persons": [_person_stored(person) for person in form.related_persons],
        "accounts": [_account_stored(account) for account in form.accounts],
        "images": [
            {"image_type": image.image_type.value, "file_url": image.file_url, "sha256": image.sha256}
            for image in form.images
        ],
        "extension": {name: feature_stored(value) for name, value in sorted(form.extension.items())},
    }


def links(form: ApplicationForm) -> tuple[tuple[Link, str], ...]:
    """What an application brings that another may bring too, in clear: to be indexed blind at once and forgotten."""
    borrower, device = form.borrower, form.extension.get(DEVICE_FEATURE)
    brought = [
        (Link.IDENTITY, borrower.id_no),
        (Link.MOBILE, borrower.mobile),
        (Link.DEVICE, device if isinstance(device, str) else None),
        *((Link.CARD, account.account_no) for account in form.accounts),
        *((Link.CONTACT, person.mobile) for person in form.related_persons),
    ]
    return tuple(dict.fromkeys((link, value) for link, value in brought if value))


def feature_stored(value: Feature | None) -> Json:
    """One feature as JSON that keeps its type: a decimal becomes `{"decimal": "0.36"}`, everything else itself."""
    return {"decimal": str(value)} if isinstance(value, Decimal) else value


def feature_restored(value: Json) -> Feature | None:
    """The feature that `feature_stored` wrote."""
    if isinstance(value, dict):
        decimal = value["decimal"]
        assert isinstance(decimal, str), "a stored decimal is a string"
        return Decimal(decimal)
    assert not isinstance(value, list), "a feature is no list"
    return value


def _person_stored(person: Person) -> dict[str, Json]:
    consent = person.consent
    return {
        "applicant_type": person.applicant_type.value,
        "relation": person.relation.value,
        "customer_type": person.customer_type.value,
        "id_type": None if person.id_type is None else person.id_type.value,
        "marital": None if person.marital is None else person.marital.value,
        "education": None if person.education is None else person.education.value,
        "occupation_code": person.occupation_code,
        "consent": None
        if consent is None
        else {
            "given": consent.given,
            "evidence_id": consent.evidence_id,
            "text_version": consent.text_version,
            "given_on": None if consent.given_on is None else consent.given_on.isoformat(),
        },
    }


def _account_stored(account: Account) -> dict[str, Json]:
    return {
        "usage": account.usage.value,
        "account_type": account.account_type.value,
        "currency": account.currency,
        "account_code": account.account_code,
        "bank_name": account.bank_name,
        "bank_code": account.bank_code,
        "last_four": account.account_no[-4:],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An application as it rests: what was asked, by whom, and where it stands now."""

    application_id: int
    channel_id: int
    channel_application_no: str
    """渠道申请单号: unique within the channel."""
    product_id: int
    product_version: int
    """The version in effect when it was submitted; its flow and parameters hold for the whole application."""
    customer_id: int
    amount: Money
    """What was asked for."""
    term_months: int
    form: Mapping[str, Json]
    """The form as `stored`."""
    facts: Mapping[str, Feature | None]
    """What risk may judge, counted to the day of submission."""
    submitted_on: date
    received_at: datetime
    submitted_by: str
    state: State
    """Where it stands now."""
    loan_id: int | None = None
    """The loan that came of it, also when its disbursement failed."""

    @property
    def stage(self) -> Stage:
        """The stage at which it stands."""
        return self.state.stage

    @property
    def waits_for(self) -> Worker:
        """Who must act next."""
        return waits_for(self.state.stage)
