"""Partner fields to values of ours: the application form with its 45 + 11 fields, queries and repayment requests.

Names on the wire are those of the domain reference (§1.10, §1.11). Every fault of a message is told at once, with the
path of its field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import ClassVar
from urllib.parse import urlsplit

from domain.channel.envelope import Envelope, FieldInvalid, Json
from domain.channel.reading import CODE, Reader
from domain.channel.routing import ExtensionField, ExtensionType, Route
from domain.origination.application import (
    Account,
    AccountType,
    AccountUsage,
    ApplicantType,
    ApplicationForm,
    Consent,
    CustomerType,
    Education,
    Feature,
    Image,
    ImageType,
    LoanRequest,
    Marital,
    MessageHeader,
    Person,
    RateUnit,
    Relation,
    SubApplication,
    TermUnit,
)
from domain.party.customer import (
    IdentityType,
    card_fault,
    identity_fault,
    mobile_fault,
    name_fault,
    normal_name,
)
from domain.party.partner import Channel
from domain.refusals import Invalid, Refusal
from domain.servicing.repayment import Intent
from ledger.money import Money

FORBIDDEN_PURPOSES = frozenset({"REAL_ESTATE", "SECURITIES", "WEALTH_MANAGEMENT", "EQUITY"})
"""What an Internet consumer loan may not be used for (商业银行互联网贷款管理暂行办法 art. 25)."""

TERM_MAX = 3650
"""Longest term that can be asked for, in its unit."""

_ACCOUNT_KIND = ("accountUsageCode", "accountType")


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuesDisagree(Refusal):
    """A field says another thing than the field it must agree with."""

    code: ClassVar[str] = "FIELDS_DISAGREE"
    zh: ClassVar[str] = "与字段 {other} 不一致"
    en: ClassVar[str] = "the field does not agree with {other}"

    other: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountNotOffered(Refusal):
    """The amount is outside what the product offers."""

    code: ClassVar[str] = "AMOUNT_NOT_OFFERED"
    zh: ClassVar[str] = "金额应在 {low} 至 {high} 之间, 并按 {step} 递增"
    en: ClassVar[str] = "the amount must be from {low} to {high} in steps of {step}"

    low: Money
    high: Money
    step: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class TermNotOffered(Refusal):
    """The term is not one of the product's."""

    code: ClassVar[str] = "TERM_NOT_OFFERED"
    zh: ClassVar[str] = "产品不提供该期限"
    en: ClassVar[str] = "the product does not offer this term"


@dataclass(frozen=True, slots=True, kw_only=True)
class PurposeForbidden(Refusal):
    """A consumer loan may not be used for this."""

    code: ClassVar[str] = "PURPOSE_FORBIDDEN"
    zh: ClassVar[str] = "贷款不得用于该用途"
    en: ClassVar[str] = "a loan may not be used for this purpose"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCannotReceive(Refusal):
    """Only a debit card receives a loan, and a loan needs one."""

    code: ClassVar[str] = "ACCOUNT_CANNOT_RECEIVE"
    zh: ClassVar[str] = "放款账户须为借款人本人的借记卡"
    en: ClassVar[str] = "the receiving account must be a debit card of the borrower"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkForbidden(Refusal):
    """A download link that we will not follow."""

    code: ClassVar[str] = "LINK_FORBIDDEN"
    zh: ClassVar[str] = "文件下载链接须为 https 公网域名"
    en: ClassVar[str] = "a download link is https to a public host name"


@dataclass(frozen=True, slots=True, kw_only=True)
class RepayRequest:
    """A repayment that a partner asks for (S21a)."""

    repay_no: str
    """The channel's number: the idempotency key."""
    loan_no: str
    amount: Money
    intent: Intent = Intent.DUE
    """Meet what is due, or settle the whole loan."""
    instalment_nos: tuple[int, ...] = ()
    """The instalments the borrower had in mind (还款计划), oldest first."""
    payer_name: str | None = None
    """还款个人信息: who paid, when not the borrower."""


def application_form(envelope: Envelope, *, channel: Channel, route: Route) -> ApplicationForm | Invalid:
    """Return the application form of a `credit.apply` message, or all that is wrong with it."""
    faults: list[Refusal] = []
    root = Reader(envelope.content, "bizContent", faults)
    channel_no = root.optional_code("channelNo") or channel.code
    if channel_no != channel.code:
        root.refuse(ValuesDisagree(field=root.at("channelNo"), other="appId"))
    product_code = root.code("productNo")
    loan = _loan(root.object("loanApplication"), product_code, route)
    borrower = _person(root.object("borrower"), primary=True)
    form = ApplicationForm(
        header=_header(envelope),
        channel_no=channel_no,
        channel_application_no=root.code("channelApplicationNo"),
        product_code=product_code,
        loan=loan,
        borrower=borrower,
        accounts=_accounts(root, borrower, route.product.currency),
        application_no=root.optional_code("applicationNo"),
        record_description=root.optional_text("recordDesc", longest=500),
        sub_applications=tuple(_sub_application(one, loan.currency) for one in root.objects("subApplications")),
        related_persons=tuple(_person(one, primary=False) for one in root.objects("borrowerSubInfos")),
        images=tuple(_image(one) for one in root.objects("images")),
        extension=_extension(root, route.extension, loan.currency),
    )
    root.done()
    return Invalid(faults=tuple(faults)) if faults else form


def repay_request(content: dict[str, Json]) -> RepayRequest | Invalid:
    """Return the request of a `repay.apply` message, or all that is wrong with it."""
    faults: list[Refusal] = []
    root = Reader(content, "bizContent", faults)
    currency = root.currency("currency")
    request = RepayRequest(
        repay_no=root.code("repayNo"),
        loan_no=root.code("loanNo"),
        amount=Money(root.amount("amount", currency), currency),
        intent=root.optional_member("repayType", Intent) or Intent.DUE,
        instalment_nos=tuple(one.integer("termNo", low=1, high=TERM_MAX) for one in root.objects("repayPlan")),
        payer_name=root.optional_text("payerName", longest=50),
    )
    root.done()
    return Invalid(faults=tuple(faults)) if faults else request


def asked_number(content: dict[str, Json], name: str) -> str | Invalid:
    """Return the one number that a query names, or what is wrong with the query."""
    faults: list[Refusal] = []
    root = Reader(content, "bizContent", faults)
    number = root.code(name)
    root.done()
    return Invalid(faults=tuple(faults)) if faults else number


def business_number(content: Mapping[str, Json], name: str) -> str | Refusal:
    """Return the idempotency key of a message before anything else of its content is read."""
    value = content.get(name)
    if isinstance(value, str) and CODE.fullmatch(value):
        return value
    return FieldInvalid(field=f"bizContent.{name}", expected="1-64 letters, digits or ._:-")


def _header(envelope: Envelope) -> MessageHeader:
    """Return what the envelope said."""
    return MessageHeader(
        app_id=envelope.app_id,
        api_version=envelope.api_version,
        nonce=envelope.nonce,
        signature=envelope.sign,
        record_digest=envelope.content_digest.hex(),
        token=envelope.token,
        open_id=envelope.open_id,
    )


def _loan(one: Reader, product_code: str, route: Route) -> LoanRequest:
    """Read 借款申请信息 and hold it against what the product offers."""
    product = route.product
    currency = one.currency("currency")
    request = LoanRequest(
        product_code=one.code("productNo"),
        amount=one.amount("applyAmount", currency),
        currency=currency,
        term=one.integer("applyTerm", low=1, high=TERM_MAX),
        term_unit=one.optional_member("applyTermUnit", TermUnit) or TermUnit.MONTH,
        purpose_code=one.code("purposeCode"),
        purpose_description=one.optional_text("purposeDesc"),
        rate=one.optional_decimal("rate"),
        rate_unit=one.optional_member("rateUnit", RateUnit) or RateUnit.YEAR,
        repayment_method=one.optional_code("repayMethod"),
        goods_amount=one.optional_amount("goodsAmount", currency),
        down_payment=one.optional_amount("downPayment", currency),
    )
    one.done()
    if one.fine("productNo") and request.product_code != product_code:
        one.refuse(ValuesDisagree(field=one.at("productNo"), other="bizContent.productNo"))
    if one.fine("currency") and request.currency != product.currency:
        one.refuse(ValuesDisagree(field=one.at("currency"), other="product"))
    elif one.fine("currency", "applyAmount") and not product.offers(
        amount=request.amount, months=product.terms_months[0]
    ):
        low, high, step = (
            Money(minor, product.currency) for minor in (product.amount_min, product.amount_max, product.amount_step)
        )
        one.refuse(AmountNotOffered(field=one.at("applyAmount"), low=low, high=high, step=step))
    if one.fine("applyTerm", "applyTermUnit") and (
        request.term_unit is not TermUnit.MONTH or request.term not in product.terms_months
    ):
        one.refuse(TermNotOffered(field=one.at("applyTerm")))
    if request.repayment_method is not None and request.repayment_method != product.method:
        one.refuse(ValuesDisagree(field=one.at("repayMethod"), other="product"))
    if request.purpose_code in FORBIDDEN_PURPOSES:
        one.refuse(PurposeForbidden(field=one.at("purposeCode")))
    financed = None if request.goods_amount is None else request.goods_amount - (request.down_payment or 0)
    if one.fine("applyAmount", "goodsAmount", "downPayment") and financed is not None and request.amount > financed:
        one.refuse(ValuesDisagree(field=one.at("applyAmount"), other=one.at("goodsAmount")))
    return request


def _person(one: Reader, *, primary: bool) -> Person:
    """Read the borrower, or a person beside the borrower, of whom less must be known."""
    kind = one.member("idTypeCode", IdentityType) if primary else one.optional_member("idTypeCode", IdentityType)
    id_no = _code(one, "idNo", needed=primary)
    mobile = _code(one, "mobile", needed=primary)
    identity = kind or IdentityType.RESIDENT_ID
    name = one.checked(
        "customerName",
        one.unchecked_text("customerName", longest=60),
        lambda value, path: name_fault(value, identity, path=path),
    )
    one.checked("idNo", id_no or "", lambda value, path: identity_fault(value, identity, path=path))
    one.checked("mobile", mobile or "", lambda value, path: mobile_fault(value, path=path))
    person = Person(
        name=name,
        applicant_type=one.member("applicantTypeCode", ApplicantType),
        relation=one.member("relationCode", Relation),
        customer_type=one.optional_member("customerType", CustomerType) or CustomerType.INDIVIDUAL,
        mobile=mobile,
        id_type=identity if id_no else kind,
        id_no=id_no,
        consent=_consent(one),
        marital=one.optional_member("maritalCode", Marital),
        education=one.optional_member("educationCode", Education),
        occupation_code=one.optional_code("occupationCode"),
    )
    if primary and one.fine("applicantTypeCode") and person.applicant_type is not ApplicantType.PRIMARY:
        one.refuse(FieldInvalid(field=one.at("applicantTypeCode"), expected=ApplicantType.PRIMARY))
    if primary and one.fine("relationCode") and person.relation is not Relation.SELF:
        one.refuse(FieldInvalid(field=one.at("relationCode"), expected=Relation.SELF))
    one.done()
    return person


def _code(one: Reader, name: str, *, needed: bool) -> str | None:
    """Read a code that must be there for some persons only."""
    return one.code(name) if needed else one.optional_code(name)


def _consent(person: Reader) -> Consent | None:
    """Read 是否允许征信查询 with its evidence."""
    one = person.optional_object("creditInquiryConsent")
    if one is None:
        return None
    consent = Consent(
        given=one.flag("given"),
        evidence_id=one.optional_code("evidenceId"),
        text_version=one.optional_code("textVersion"),
        given_on=one.optional_day("givenOn"),
    )
    one.done()
    return consent


def _accounts(root: Reader, borrower: Person, currency: str) -> tuple[Account, ...]:
    """Read 账号信息对象; one debit card in the borrower's own name must be there to receive the loan."""
    known = root.fine("borrower", "borrower.customerName")
    accounts = tuple(_account(one, borrower.name if known else None, currency) for one in root.objects("accounts"))
    receiving = [one for one in accounts if one.usage in {AccountUsage.DISBURSEMENT, AccountUsage.BOTH}]
    unread = any(not root.fine(f"accounts[{n}].{name}") for n in range(len(accounts)) for name in _ACCOUNT_KIND)
    if unread or not root.fine("accounts"):
        return accounts
    if len(receiving) != 1 or receiving[0].account_type is not AccountType.DEBIT_CARD:
        root.refuse(AccountCannotReceive(field=root.at("accounts")))
    return accounts


def _account(one: Reader, holder: str | None, currency: str) -> Account:
    """Read one account; `holder` is the borrower's name, or None when that is not known."""
    account = Account(
        usage=one.member("accountUsageCode", AccountUsage),
        account_no=one.checked("accountNo", one.code("accountNo"), lambda value, path: card_fault(value, path=path)),
        account_name=one.text("accountName", longest=60),
        account_type=one.member("accountType", AccountType),
        currency=one.currency("currency"),
        account_code=one.optional_code("accountCode"),
        bank_name=one.text("bankName", longest=60),
        bank_code=one.optional_code("bankCode"),
    )
    one.done()
    if holder and one.fine("accountName") and normal_name(account.account_name) != normal_name(holder):
        one.refuse(ValuesDisagree(field=one.at("accountName"), other="bizContent.borrower.customerName"))
    if one.fine("currency") and account.currency != currency:
        one.refuse(ValuesDisagree(field=one.at("currency"), other="product"))
    return account


def _sub_application(one: Reader, currency: str) -> SubApplication:
    """Read one of 子申请信息."""
    part = SubApplication(
        sub_application_no=one.code("subApplicationNo"),
        amount=one.amount("amount", currency),
        purpose_code=one.optional_code("purposeCode"),
    )
    one.done()
    return part


def _image(one: Reader) -> Image:
    """Read one of 影像上传信息."""
    image = Image(
        image_type=one.member("imageTypeCode", ImageType),
        file_url=one.checked("fileUrl", one.text("fileUrl", longest=1000), _link_fault),
        sha256=one.optional_code("sha256"),
    )
    one.done()
    return image


def _link_fault(link: str, path: str) -> Refusal | None:
    """Refuse a link that is not https to a public host name; addresses are resolved and pinned when it is fetched."""
    try:
        parts = urlsplit(link)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return LinkForbidden(field=path)
    fine = parts.scheme == "https" and parts.username is None and port in {None, 443} and _public_name(host)
    return None if fine else LinkForbidden(field=path)


def _public_name(host: str) -> bool:
    """Tell whether a host is a name of the public kind: dotted, not an address, not local."""
    try:
        ip_address(host)
    except ValueError:
        last = host.rpartition(".")[2]
        return "." in host and last.isalpha() and last not in {"localhost", "local", "internal"}
    return False


def _extension(root: Reader, agreed: Mapping[str, ExtensionField], currency: str) -> dict[str, Feature]:
    """Read 扩展参数: the fields agreed for this channel and product, each in its type."""
    one = root.optional_object("extParams")
    if one is None:
        one = Reader({}, root.at("extParams"), root.faults)
    found: dict[str, Feature] = {}
    for name, rule in agreed.items():
        value = _feature(one, name, rule, currency)
        if value is not None:
            found[name] = value
        elif rule.required:
            one.require(name)
    one.done()
    return found


def _feature(one: Reader, name: str, rule: ExtensionField, currency: str) -> Feature | None:
    """Read one extension field, or None when it is not there."""
    match rule.type:
        case ExtensionType.CODE:
            value = one.optional_code(name)
            if value is not None and rule.codes and value not in rule.codes:
                one.refuse(FieldInvalid(field=one.at(name), expected="one of " + ", ".join(rule.codes)))
            return value
        case ExtensionType.INTEGER:
            return one.optional_integer(name, low=rule.low, high=rule.high)
        case ExtensionType.AMOUNT:
            return one.optional_amount(name, currency)
        case ExtensionType.DECIMAL:
            return one.optional_decimal(name)
        case ExtensionType.FLAG:
            return one.optional_flag(name)
