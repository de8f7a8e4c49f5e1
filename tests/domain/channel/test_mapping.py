from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.channel.envelope import Envelope, parse
from domain.channel.mapping import (
    RepayRequest,
    application_form,
    asked_number,
    business_number,
    repay_request,
)
from domain.channel.routing import ExtensionField, ExtensionType, Route
from domain.channel.signature import message
from domain.origination.application import (
    AccountType,
    AccountUsage,
    ApplicantType,
    ApplicationForm,
    Education,
    ImageType,
    Marital,
    Relation,
    TermUnit,
)
from domain.party.customer import check_character
from domain.party.partner import Channel, ChannelKey, ChannelState, EncryptType, SignType
from domain.refusals import Invalid, Refusal, text
from domain.servicing.repayment import Intent
from ledger.money import Money
from seed.products import CODE, draft

AT = datetime(2026, 3, 5, 2, 0, tzinfo=UTC)
KEY = ChannelKey(key_id="k1", sign_type=SignType.HMAC_SHA256, material=b"s" * 32, valid_from=AT - timedelta(days=1))
CHANNEL = Channel(
    channel_id=1,
    party_id=1,
    code="CH-1",
    app_id="app-1",
    name_zh="渠道",
    name_en="channel",
    sign_type=SignType.HMAC_SHA256,
    encrypt_type=EncryptType.NONE,
    state=ChannelState.ACTIVE,
    keys=(KEY,),
)
ROUTE = Route(
    product=draft(funder_id=7, effective_from=date(2026, 1, 1)),
    extension={
        "housing": ExtensionField(type=ExtensionType.CODE, codes=("OWN", "RENT"), required=True),
        "dependants": ExtensionField(type=ExtensionType.INTEGER, low=0, high=9),
        "income": ExtensionField(type=ExtensionType.AMOUNT),
        "ratio": ExtensionField(type=ExtensionType.DECIMAL),
        "member": ExtensionField(type=ExtensionType.FLAG),
    },
)
SPOUSE_ID = "44030519900101002" + check_character("44030519900101002")

FULL: dict[str, Any] = {
    "channelNo": "CH-1",
    "applicationNo": "ap_1",
    "channelApplicationNo": "MK-1",
    "productNo": CODE,
    "recordDesc": "补充说明",
    "loanApplication": {
        "productNo": CODE,
        "purposeCode": "FURNITURE",
        "purposeDesc": "沙发",
        "applyAmount": "10000.00",
        "currency": "CNY",
        "applyTerm": 12,
        "applyTermUnit": "M",
        "goodsAmount": "90000.00",
        "downPayment": "2000.00",
        "rate": "0.154",
        "rateUnit": "Y",
        "repayMethod": "EQUAL_INSTALMENT",
    },
    "subApplications": [{"subApplicationNo": "S1", "amount": "6000.00", "purposeCode": "FURNITURE"}],
    "borrower": {
        "customerName": "买买提·艾力",
        "applicantTypeCode": "PRIMARY",
        "creditInquiryConsent": {
            "given": True,
            "evidenceId": "E1",
            "textVersion": "3",
            "givenOn": "2026-03-05",
        },
        "relationCode": "SELF",
        "customerType": "INDIVIDUAL",
        "mobile": "13800138000",
        "idTypeCode": "RESIDENT_ID",
        "idNo": "11010519491231002X",
        "maritalCode": "20",
        "educationCode": "30",
        "occupationCode": "4",
    },
    "borrowerSubInfos": [
        {
            "customerName": "李四",
            "applicantTypeCode": "CO_BORROWER",
            "relationCode": "SPOUSE",
            "idNo": SPOUSE_ID,
            "mobile": "13900139000",
        },
        {"customerName": "王五", "applicantTypeCode": "CONTACT", "relationCode": "FRIEND"},
    ],
    "accounts": [
        {
            "accountUsageCode": "03",
            "accountCode": "A1",
            "currency": "CNY",
            "accountName": "买买提\u30fb艾力",
            "accountType": "DEBIT_CARD",
            "accountNo": "4111111111111111",
            "bankName": "示范银行",
            "bankCode": "102100099996",
        }
    ],
    "images": [{"imageTypeCode": "ID_FRONT", "fileUrl": "https://files.partner.cn/a.jpg", "sha256": "ab" * 32}],
    "extParams": {"housing": "OWN", "dependants": 2, "income": "8000.00", "ratio": "0.35", "member": True},
}


def enveloped(content: dict[str, Any]) -> Envelope:
    raw = message(
        content,
        app_id="app-1",
        api_name="credit.apply",
        request_no="RQ-1",
        nonce="nonce-0001",
        timestamp=AT,
        key=KEY,
    )
    found = parse(raw)
    assert isinstance(found, Envelope)
    return found


def mapped(content: dict[str, Any]) -> ApplicationForm | Invalid:
    return application_form(enveloped(content), channel=CHANNEL, route=ROUTE)


def form(content: dict[str, Any] = FULL) -> ApplicationForm:
    found = mapped(content)
    assert isinstance(found, ApplicationForm), found
    return found


READERS: dict[str, tuple[Callable[[ApplicationForm], object], object]] = {
    "F3-02 openid": (lambda one: one.header.open_id, None),
    "F3-03 appId": (lambda one: one.header.app_id, "app-1"),
    "F3-04 applicationNo": (lambda one: one.application_no, "ap_1"),
    "F3-05 bizContent": (lambda one: len(one.header.record_digest), 64),
    "F3-06 nonce": (lambda one: one.header.nonce, "nonce-0001"),
    "F3-07 sign": (lambda one: len(one.header.signature), 64),
    "F3-08 apiVersion": (lambda one: one.header.api_version, "1.0"),
    "F3-09 channelApplicationNo": (lambda one: one.channel_application_no, "MK-1"),
    "F3-10 productNo": (lambda one: one.product_code, CODE),
    "F3-11 recordDesc": (lambda one: one.record_description, "补充说明"),
    "F3-13 subApplications": (lambda one: one.sub_applications[0].amount, 6_000_00),
    "F3-15 borrowerSubInfos": (
        lambda one: [p.relation for p in one.related_persons],
        [Relation.SPOUSE, Relation.FRIEND],
    ),
    "F3-16 accounts": (lambda one: len(one.accounts), 1),
    "F3-17 images": (lambda one: len(one.images), 1),
    "F3-18 extParams": (
        lambda one: dict(one.extension),
        {"housing": "OWN", "dependants": 2, "income": 8_000_00, "ratio": Decimal("0.35"), "member": True},
    ),
    "F3-19 loan productNo": (lambda one: one.loan.product_code, CODE),
    "F3-20 purposeCode": (lambda one: one.loan.purpose_code, "FURNITURE"),
    "F3-21 purposeDesc": (lambda one: one.loan.purpose_description, "沙发"),
    "F3-22 applyAmount": (lambda one: one.loan.amount, 10_000_00),
    "F3-23 applyTerm": (lambda one: (one.loan.term, one.loan.term_unit), (12, TermUnit.MONTH)),
    "F3-24 goodsAmount": (lambda one: one.loan.goods_amount, 90_000_00),
    "F3-25 downPayment": (lambda one: one.loan.down_payment, 2_000_00),
    "F3-26 customerName": (lambda one: one.borrower.name, "买买提·艾力"),
    "F3-27 applicantTypeCode": (lambda one: one.borrower.applicant_type, ApplicantType.PRIMARY),
    "F3-28 creditInquiryConsent": (
        lambda one: one.borrower.consent and (one.borrower.consent.given, one.borrower.consent.given_on),
        (True, date(2026, 3, 5)),
    ),
    "F3-29 relationCode": (lambda one: one.borrower.relation, Relation.SELF),
    "F3-30 customerType": (lambda one: one.borrower.customer_type, "INDIVIDUAL"),
    "F3-31 mobile": (lambda one: one.borrower.mobile, "13800138000"),
    "F3-32 idTypeCode": (lambda one: one.borrower.id_type, "RESIDENT_ID"),
    "F3-33 idNo": (lambda one: one.borrower.id_no, "11010519491231002X"),
    "F3-34 maritalCode": (lambda one: one.borrower.marital, Marital.MARRIED),
    "F3-35 educationCode": (lambda one: one.borrower.education, Education.COLLEGE),
    "F3-36 occupationCode": (lambda one: one.borrower.occupation_code, "4"),
    "F3-37 accountUsageCode": (lambda one: one.accounts[0].usage, AccountUsage.BOTH),
    "F3-38 accountCode": (lambda one: one.accounts[0].account_code, "A1"),
    "F3-39 currency": (lambda one: one.accounts[0].currency, "CNY"),
    "F3-40 accountName": (lambda one: one.accounts[0].account_name, "买买提\u30fb艾力"),
    "F3-41 accountType": (lambda one: one.accounts[0].account_type, AccountType.DEBIT_CARD),
    "F3-42 accountNo": (lambda one: one.accounts[0].account_no, "4111111111111111"),
    "F3-43 bankName": (
        lambda one: (one.accounts[0].bank_name, one.accounts[0].bank_code),
        ("示范银行", "102100099996"),
    ),
    "F3-44 imageTypeCode": (lambda one: one.images[0].image_type, ImageType.ID_FRONT),
    "F3-45 fileUrl": (lambda one: one.images[0].file_url, "https://files.partner.cn/a.jpg"),
    "F2-01 channelNo": (lambda one: one.channel_no, "CH-1"),
    "F2-07 rate": (lambda one: one.loan.rate, Decimal("0.154")),
    "F2-08 repayMethod": (lambda one: one.loan.repayment_method, "EQUAL_INSTALMENT"),
}


@pytest.mark.parametrize("name", READERS)
def test_every_field_of_the_form_has_its_place(name: str) -> None:
    read, expected = READERS[name]
    assert read(form()) == expected


def test_the_rest_of_the_form_may_be_left_out() -> None:
    least = {
        name: copy.deepcopy(FULL[name])
        for name in ("channelApplicationNo", "productNo", "loanApplication", "borrower", "accounts")
    }
    for name in ("purposeDesc", "goodsAmount", "downPayment", "rate", "rateUnit", "repayMethod", "applyTermUnit"):
        del least["loanApplication"][name]
    for name in ("customerType", "maritalCode", "educationCode", "occupationCode", "creditInquiryConsent"):
        del least["borrower"][name]
    least["extParams"] = {"housing": "RENT"}
    found = form(least)
    assert (found.channel_no, found.sub_applications, found.images) == ("CH-1", (), ())
    assert dict(found.extension) == {"housing": "RENT"}


def changed(path: str, value: object) -> dict[str, Any]:
    content = copy.deepcopy(FULL)
    *heads, last = path.split(".")
    place: Any = content
    for head in heads:
        place = place[int(head)] if head.isdigit() else place[head]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return content


@pytest.mark.parametrize(
    ("path", "value", "field", "code"),
    [
        ("channelNo", "CH-2", "channelNo", "FIELDS_DISAGREE"),
        ("channelApplicationNo", ..., "channelApplicationNo", "FIELD_MISSING"),
        ("recordDesc", "a\tb", "recordDesc", "FIELD_INVALID"),
        ("loanApplication", ..., "loanApplication", "FIELD_MISSING"),
        ("loanApplication", [], "loanApplication", "FIELD_INVALID"),
        ("loanApplication.productNo", "OTHER", "loanApplication.productNo", "FIELDS_DISAGREE"),
        ("loanApplication.applyAmount", 10000, "loanApplication.applyAmount", "FIELD_INVALID"),
        ("loanApplication.applyAmount", "-1.00", "loanApplication.applyAmount", "FIELD_INVALID"),
        ("loanApplication.applyAmount", "0.00", "loanApplication.applyAmount", "FIELD_INVALID"),
        ("loanApplication.applyAmount", "1.001", "loanApplication.applyAmount", "FIELD_INVALID"),
        ("loanApplication.applyAmount", "1,000.00", "loanApplication.applyAmount", "FIELD_INVALID"),
        ("loanApplication.applyAmount", "１２３", "loanApplication.applyAmount", "FIELD_INVALID"),
        ("loanApplication.applyAmount", "1e3", "loanApplication.applyAmount", "FIELD_INVALID"),
        ("loanApplication.applyAmount", "NaN", "loanApplication.applyAmount", "FIELD_INVALID"),
        ("loanApplication.applyAmount", "249.00", "loanApplication.applyAmount", "AMOUNT_NOT_OFFERED"),
        ("loanApplication.applyAmount", "20001.00", "loanApplication.applyAmount", "AMOUNT_NOT_OFFERED"),
        ("loanApplication.applyAmount", "1000.50", "loanApplication.applyAmount", "AMOUNT_NOT_OFFERED"),
        ("loanApplication.goodsAmount", "11999.00", "loanApplication.applyAmount", "FIELDS_DISAGREE"),
        ("loanApplication.currency", "USD", "loanApplication.currency", "FIELDS_DISAGREE"),
        ("loanApplication.currency", "XXY", "loanApplication.currency", "FIELD_INVALID"),
        ("loanApplication.applyTerm", 3, "loanApplication.applyTerm", "TERM_NOT_OFFERED"),
        ("loanApplication.applyTerm", True, "loanApplication.applyTerm", "FIELD_INVALID"),
        ("loanApplication.applyTerm", "12", "loanApplication.applyTerm", "FIELD_INVALID"),
        ("loanApplication.applyTermUnit", "D", "loanApplication.applyTerm", "TERM_NOT_OFFERED"),
        ("loanApplication.purposeCode", "SECURITIES", "loanApplication.purposeCode", "PURPOSE_FORBIDDEN"),
        ("loanApplication.rate", "15.4%", "loanApplication.rate", "FIELD_INVALID"),
        ("loanApplication.repayMethod", "BALLOON", "loanApplication.repayMethod", "FIELDS_DISAGREE"),
        ("borrower.customerName", "王\u202e伟", "borrower.customerName", "NAME_INVISIBLE_CHARACTER"),
        ("borrower.customerName", "<b>", "borrower.customerName", "NAME_INVALID"),
        ("borrower.idNo", "110105194912310021", "borrower.idNo", "IDENTITY_NUMBER_CHECK"),
        ("borrower.idNo", ..., "borrower.idNo", "FIELD_MISSING"),
        ("borrower.mobile", "12345678901", "borrower.mobile", "MOBILE_INVALID"),
        ("borrower.maritalCode", "99", "borrower.maritalCode", "FIELD_INVALID"),
        ("borrower.relationCode", "SPOUSE", "borrower.relationCode", "FIELD_INVALID"),
        ("borrower.applicantTypeCode", "CONTACT", "borrower.applicantTypeCode", "FIELD_INVALID"),
        ("borrower.creditInquiryConsent.given", "yes", "borrower.creditInquiryConsent.given", "FIELD_INVALID"),
        (
            "borrower.creditInquiryConsent.givenOn",
            "05/03/2026",
            "borrower.creditInquiryConsent.givenOn",
            "FIELD_INVALID",
        ),
        ("borrower.creditInquiryConsent.more", 1, "borrower.creditInquiryConsent.more", "FIELD_UNKNOWN"),
        ("borrowerSubInfos.1.mobile", "1", "borrowerSubInfos[1].mobile", "MOBILE_INVALID"),
        ("borrowerSubInfos", {}, "borrowerSubInfos", "FIELD_INVALID"),
        ("borrowerSubInfos", [1], "borrowerSubInfos", "FIELD_INVALID"),
        ("borrowerSubInfos", [{}] * 51, "borrowerSubInfos", "FIELD_INVALID"),
        ("accounts", ..., "accounts", "ACCOUNT_CANNOT_RECEIVE"),
        ("accounts.0.accountUsageCode", "02", "accounts", "ACCOUNT_CANNOT_RECEIVE"),
        ("accounts.0.accountType", "CREDIT_CARD", "accounts", "ACCOUNT_CANNOT_RECEIVE"),
        ("accounts.0.accountNo", "4111111111111112", "accounts[0].accountNo", "CARD_NUMBER_INVALID"),
        ("accounts.0.accountName", "王伟", "accounts[0].accountName", "FIELDS_DISAGREE"),
        ("accounts.0.currency", "USD", "accounts[0].currency", "FIELDS_DISAGREE"),
        ("images.0.fileUrl", "http://files.partner.cn/a.jpg", "images[0].fileUrl", "LINK_FORBIDDEN"),
        ("images.0.fileUrl", "https://169.254.169.254/a", "images[0].fileUrl", "LINK_FORBIDDEN"),
        ("images.0.fileUrl", "https://[::1]/a", "images[0].fileUrl", "LINK_FORBIDDEN"),
        ("images.0.fileUrl", "https://localhost/a", "images[0].fileUrl", "LINK_FORBIDDEN"),
        ("images.0.fileUrl", "https://db.internal/a", "images[0].fileUrl", "LINK_FORBIDDEN"),
        ("images.0.fileUrl", "https://u:p@files.partner.cn/a", "images[0].fileUrl", "LINK_FORBIDDEN"),
        ("images.0.fileUrl", "https://files.partner.cn:8080/a", "images[0].fileUrl", "LINK_FORBIDDEN"),
        ("images.0.fileUrl", "https://files.partner.cn:x/a", "images[0].fileUrl", "LINK_FORBIDDEN"),
        ("images.0.fileUrl", "file:///etc/passwd", "images[0].fileUrl", "LINK_FORBIDDEN"),
        ("images.0.fileUrl", "https://2130706433/a", "images[0].fileUrl", "LINK_FORBIDDEN"),
        ("extParams", ..., "extParams.housing", "FIELD_MISSING"),
        ("extParams.housing", ..., "extParams.housing", "FIELD_MISSING"),
        ("extParams.housing", "CASTLE", "extParams.housing", "FIELD_INVALID"),
        ("extParams.housing", ["OWN"], "extParams.housing", "FIELD_INVALID"),
        ("extParams.dependants", 10, "extParams.dependants", "FIELD_INVALID"),
        ("extParams.income", "x", "extParams.income", "FIELD_INVALID"),
        ("extParams.ratio", "1.5x", "extParams.ratio", "FIELD_INVALID"),
        ("extParams.member", 1, "extParams.member", "FIELD_INVALID"),
        ("extParams.unagreed", 1, "extParams.unagreed", "FIELD_UNKNOWN"),
    ],
)
def test_one_fault_is_told_once_by_its_path(path: str, value: object, field: str, code: str) -> None:
    found = mapped(changed(path, value))
    assert isinstance(found, Invalid)
    assert [(fault.field, fault.code) for fault in found.faults] == [(f"bizContent.{field}", code)]
    assert all(text(fault, locale) for fault in found.faults for locale in ("zh-CN", "en"))


def test_no_fault_shows_what_was_sent() -> None:
    content = changed("borrower.idNo", "110105194912310021")
    content["borrower"]["mobile"] = "12345678901"
    content["accounts"][0]["accountNo"] = "4111111111111112"
    shown = repr(mapped(content))
    for secret in ("110105194912310021", "12345678901", "4111111111111112", "艾力"):
        assert secret not in shown


REPAY: dict[str, Any] = {
    "repayNo": "RP-1",
    "loanNo": "ln_1",
    "amount": "350.00",
    "currency": "CNY",
    "repayType": "SETTLE",
    "repayPlan": [{"termNo": 1}, {"termNo": 2}],
    "payerName": "王伟",
}


def test_a_repayment() -> None:
    assert repay_request(REPAY) == RepayRequest(
        repay_no="RP-1",
        loan_no="ln_1",
        amount=Money(350_00, "CNY"),
        intent=Intent.SETTLE,
        instalment_nos=(1, 2),
        payer_name="王伟",
    )


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"amount": "350"}, set()),
        ({"amount": "-350.00"}, {("amount", "FIELD_INVALID")}),
        ({"currency": "KKK"}, {("currency", "FIELD_INVALID")}),
        ({"repayType": "LATER"}, {("repayType", "FIELD_INVALID")}),
        ({"repayPlan": [{"termNo": 0}]}, {("repayPlan[0].termNo", "FIELD_INVALID")}),
        (
            {"loanNo": None, "amount": 1, "extra": 1},
            {("loanNo", "FIELD_MISSING"), ("amount", "FIELD_INVALID"), ("extra", "FIELD_UNKNOWN")},
        ),
    ],
)
def test_repayment_faults(change: dict[str, Any], faults: set[tuple[str, str]]) -> None:
    found = repay_request({**REPAY, **change})
    told = {(one.field, one.code) for one in found.faults} if isinstance(found, Invalid) else set()
    assert told == {(f"bizContent.{field}", code) for field, code in faults}


def test_numbers_of_queries_and_commands() -> None:
    assert asked_number({"loanNo": "ln_1"}, "loanNo") == "ln_1"
    assert isinstance(asked_number({"loanNo": "ln_1", "x": 1}, "loanNo"), Invalid)
    assert business_number({"repayNo": "RP-1"}, "repayNo") == "RP-1"
    for wrong in ({}, {"repayNo": 1}, {"repayNo": ""}, {"repayNo": "a" * 65}, {"repayNo": "a b"}):
        assert isinstance(business_number(wrong, "repayNo"), Refusal)
