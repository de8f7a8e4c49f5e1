"""Invented people: names, identity numbers, mobiles and cards that pass every check and belong to nobody."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from domain.calendar import add_months, days_between
from domain.party.customer import Gender, check_character, luhn, luhn_digit

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林郑谢罗梁宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
FIRST = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华慧玉建文斌宇浩凯晨欣怡子梓雨思嘉佳俊鑫瑞博志海国春红梅"
REGIONS = (
    "110105", "120101", "130102", "210102", "310115", "320505", "330106", "340104", "350203", "370202",
    "410105", "420106", "430104", "440305", "450103", "500103", "510107", "530102", "610113", "620102",
)  # fmt: skip
"""Region codes of real districts, so that the numbers look as they do in life."""
MOBILE_PREFIXES = ("138", "139", "150", "151", "158", "159", "182", "186", "187", "188", "189", "199")
BANKS = (("622202", "中国工商银行"), ("622848", "中国农业银行"), ("622700", "中国建设银行"), ("622588", "招商银行"))
"""Card prefixes with the bank's name."""
RESERVED_SUFFIX = "90"
"""Cards whose last four digits begin so ask the sandbox bank for trouble; invented cards avoid them unless asked."""


def name(random: Random) -> str:
    """Return a name of two or three characters."""
    return random.choice(SURNAMES) + "".join(random.choices(FIRST, k=random.choice((1, 2, 2))))


def identity_number(random: Random, *, age: int, gender: Gender, on: date) -> str:
    """Return an identity number of a person who is `age` full years old on a day."""
    latest = add_months(on, -12 * age)
    earliest = add_months(on, -12 * (age + 1)) + timedelta(days=2)
    born = earliest + timedelta(days=random.randrange(days_between(earliest, latest)))
    order = random.randrange(500) * 2 + (1 if gender is Gender.MALE else 0)
    first = f"{random.choice(REGIONS)}{born:%Y%m%d}{order:03d}"
    return first + check_character(first)


def mobile(random: Random) -> str:
    """Return a mobile number."""
    return f"{random.choice(MOBILE_PREFIXES)}{random.randrange(10**8):08d}"


def card(random: Random, *, suffix: str | None = None) -> tuple[str, str]:
    """Return a 19-digit card number that passes the Luhn check, and its bank; `suffix` sets the last four digits."""
    prefix, bank = random.choice(BANKS)
    while suffix is None:
        digits = f"{prefix}{random.randrange(10**12):012d}"
        number = digits + luhn_digit(digits)
        if number[-4:-2] != RESERVED_SUFFIX:
            return number, bank
    middle = f"{random.randrange(10**8):08d}"
    fitting = (f"{prefix}{middle}{digit}{suffix}" for digit in range(10))
    return next(number for number in fitting if luhn(number)), bank
