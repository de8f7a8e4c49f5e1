"""One complete form, for tests that need an application."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from domain.origination.application import (
    Account,
    AccountUsage,
    ApplicantType,
    ApplicationForm,
    Consent,
    Education,
    Image,
    ImageType,
    LoanRequest,
    Marital,
    MessageHeader,
    Person,
    Relation,
    SubApplication,
)
from domain.party.customer import IdentityType

IDENTITY_NUMBER = "11010519491231002X"
CARD_NUMBER = "6222020000000000000"
MOBILE = "13800138000"


def form(number: str = "CH-1", *, amount: int = 10_000_00, months: int = 12) -> ApplicationForm:
    """A form with every field filled."""
    borrower = Person(
        name="张三",
        mobile=MOBILE,
        id_type=IdentityType.RESIDENT_ID,
        id_no=IDENTITY_NUMBER,
        consent=Consent(given=True, evidence_id="E-1", text_version="v3", given_on=date(2026, 1, 5)),
        marital=Marital.MARRIED,
        education=Education.BACHELOR,
        occupation_code="2",
    )
    return ApplicationForm(
        header=MessageHeader(
            app_id="app-1",
            api_version="1.0",
            nonce="n-1",
            signature="s-1",
            record_digest="00" * 32,
            token="secret-token",
            open_id="open-1",
        ),
        channel_no="DEMO",
        channel_application_no=number,
        product_code="XF-DEBX",
        loan=LoanRequest(
            product_code="XF-DEBX",
            amount=amount,
            currency="CNY",
            term=months,
            purpose_code="FURNITURE",
            purpose_description="家具",
            rate=Decimal("0.154"),
            repayment_method="EQUAL_INSTALMENT",
            goods_amount=12_000_00,
            down_payment=2_000_00,
        ),
        borrower=borrower,
        accounts=(
            Account(
                usage=AccountUsage.BOTH,
                account_no=CARD_NUMBER,
                account_name="张三",
                account_code="A-1",
                bank_name="示范银行",
                bank_code="102100099996",
            ),
        ),
        application_no="AP-1",
        record_description="note",
        sub_applications=(SubApplication(sub_application_no="S-1", amount=5_000_00, purpose_code="FURNITURE"),),
        related_persons=(
            replace(borrower, name="李四", applicant_type=ApplicantType.CONTACT, relation=Relation.SPOUSE, id_no=None),
        ),
        images=(Image(image_type=ImageType.ID_FRONT, file_url="https://files.example.cn/1", sha256="11" * 32),),
        extension={"status_checking": "A11", "installment_rate": 4, "income_ratio": Decimal("0.36")},
    )
