"""Synthetic borrowers for real applications: names, identity numbers, mobiles and cards that belong to nobody.

Every number passes its check digit and every one is a pure function of (seed, row). The last four digits of a card tell
the sandbox bank how to behave, so a story can ask for a card that is invalid, slow or silent.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from domain.calendar import add_months
from domain.party.customer import check_character, luhn, luhn_digit

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰建国文海燕宇晨欣怡博雅思远佳琪浩然子涵梓轩雨桐俊凯晓东志鹏婷雪梅红波鑫"
REGIONS = (
    "110105",
    "120103",
    "130102",
    "210102",
    "310115",
    "320102",
    "330106",
    "340104",
    "350102",
    "370102",
    "410105",
    "420106",
    "430102",
    "440106",
    "440305",
    "500103",
    "510107",
    "610113",
)
"""County codes of GB/T 2260."""
MOBILE_PREFIXES = ("135", "136", "137", "138", "139", "150", "151", "158", "159", "182", "186", "187", "188", "189")
"""Ranges of operators with a network of their own; virtual ones are a flag of fraud."""
BANKS = (
    ("622202", "示范工商银行"),
    ("621700", "示范建设银行"),
    ("622848", "示范农业银行"),
    ("621661", "示范中国银行"),
    ("622588", "示范招商银行"),
)
"""First six digits of a card and the bank that they stand for in the demonstration."""
QUIET = range(9001, 9013)
"""Last four digits that ask the sandbox bank for trouble; ordinary cards avoid them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A person who does not exist."""

    name: str = field(repr=False)
    identity_number: str = field(repr=False)
    mobile: str = field(repr=False)
    card_number: str = field(repr=False)
    bank_name: str


def identity(*, seed: int, row: int, age: int, on: date, card_ends_with: str | None = None) -> Identity:
    """The borrower of a row: `age` full years old on `on`; the card ends with four given digits, if any are given."""
    dice = Random(f"identity/{seed}/{row}")
    first_six, bank_name = dice.choice(BANKS)
    return Identity(
        name=dice.choice(SURNAMES) + "".join(dice.choice(GIVEN) for _ in range(dice.choice((1, 2, 2)))),
        identity_number=_identity_number(dice, row=row, age=age, on=on),
        mobile=f"{dice.choice(MOBILE_PREFIXES)}{row:04}{dice.randrange(10_000):04}",
        card_number=_card_number(dice, first_six=first_six, row=row, ends_with=card_ends_with),
        bank_name=bank_name,
    )


def _identity_number(dice: Random, *, row: int, age: int, on: date) -> str:
    """18 characters: region, birth date, serial (odd for men), check character; the serial holds part of the row."""
    oldest = add_months(on, -12 * (age + 1)) + timedelta(days=1)
    youngest = add_months(on, -12 * age)
    born_on = oldest + timedelta(days=dice.randrange(1, (youngest - oldest).days))
    first = f"{REGIONS[row % len(REGIONS)]}{born_on:%Y%m%d}{row % 1000:03}"
    return first + check_character(first)


def _card_number(dice: Random, *, first_six: str, row: int, ends_with: str | None) -> str:
    """19 digits that pass the Luhn check: bank, row, noise, and an ending that is given or at least ordinary."""
    if ends_with is None:
        while True:
            body = f"{first_six}{row:06}{dice.randrange(10**6):06}"
            number = body + luhn_digit(body)
            if int(number[-4:]) not in QUIET:
                return number
    noise = dice.randrange(100)
    candidates = (f"{first_six}{row:06}{noise:02}{free}{ends_with}" for free in range(10))
    return next(number for number in candidates if luhn(number))
