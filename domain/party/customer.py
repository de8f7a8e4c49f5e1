"""Natural persons and their numbers: identity number, card, mobile and name, checked and brought to one normal form.

No refusal here carries the value it refuses: personal data must not reach a log by way of an error.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import ClassVar

from domain.refusals import Invalid, Refusal

PROVINCES = frozenset(
    str(number)
    for number in (
        *range(11, 16),
        *range(21, 24),
        *range(31, 38),
        *range(41, 47),
        *range(50, 55),
        *range(61, 66),
        71,
    )
)
"""First two digits of a resident identity number: the province level of GB/T 2260."""

RESIDENCE_PREFIXES = frozenset({"81", "82", "83"})
"""Residence permits of Hong Kong, Macao and Taiwan residents."""

IDENTITY_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
"""Weights of the first 17 digits (GB 11643-1999, which takes them from ISO 7064 MOD 11-2)."""

IDENTITY_CHECKS = "10X98765432"
"""The check character, by the weighted sum modulo 11."""

NAME_LENGTH_MAX = 50
DOTS = "\u00b7\u2022\u2027\u2219\u22c5\u30fb\uff65"
"""Characters that people type for the separating dot of a minority name; the first is the normal one."""

_DOT_TABLE = str.maketrans(dict.fromkeys(DOTS[1:], DOTS[0]))
_IDENTITY = re.compile(r"[0-9]{17}[0-9X]", re.ASCII)
_LEGACY = re.compile(r"[0-9]{15}", re.ASCII)
_MOBILE = re.compile(r"1[3-9][0-9]{9}", re.ASCII)
_CARD = re.compile(r"[0-9]{13,19}", re.ASCII)


class IdentityType(StrEnum):
    """Which document carries the identity number."""

    RESIDENT_ID = "RESIDENT_ID"
    """居民身份证"""
    HMT_RESIDENCE = "HMT_RESIDENCE"
    """港澳台居民居住证"""
    FOREIGN_PERMANENT_RESIDENCE = "FOREIGN_PERMANENT_RESIDENCE"
    """外国人永久居留身份证 (18-digit form)"""


class Gender(StrEnum):
    """What digit 17 of an identity number says."""

    MALE = "MALE"
    FEMALE = "FEMALE"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityNumberMalformed(Refusal):
    """Not 17 digits and a digit or capital X."""

    code: ClassVar[str] = "IDENTITY_NUMBER_MALFORMED"
    zh: ClassVar[str] = "证件号码应为18位数字, 末位可为大写X"
    en: ClassVar[str] = "an identity number is 17 digits and a digit or capital X"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityNumberLegacy(Refusal):
    """A 15-digit number of the first generation; those cards ended on 2012-12-31."""

    code: ClassVar[str] = "IDENTITY_NUMBER_LEGACY"
    zh: ClassVar[str] = "不接受15位旧证件号码, 请提供18位号码"
    en: ClassVar[str] = "15-digit identity numbers are no longer accepted; give the 18-digit number"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityNumberRegionUnknown(Refusal):
    """The region prefix does not belong to this kind of document."""

    code: ClassVar[str] = "IDENTITY_NUMBER_REGION"
    zh: ClassVar[str] = "证件号码的地区代码不存在或与证件类型不符"
    en: ClassVar[str] = "the region prefix of the identity number does not exist for this kind of document"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityNumberDateImpossible(Refusal):
    """The birth date inside is not a date."""

    code: ClassVar[str] = "IDENTITY_NUMBER_DATE"
    zh: ClassVar[str] = "证件号码中的出生日期不存在"
    en: ClassVar[str] = "the birth date in the identity number does not exist"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityNumberCheckWrong(Refusal):
    """The check character does not fit."""

    code: ClassVar[str] = "IDENTITY_NUMBER_CHECK"
    zh: ClassVar[str] = "证件号码校验位错误"
    en: ClassVar[str] = "the check character of the identity number is wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardNumberInvalid(Refusal):
    """Not 13 to 19 digits that pass the Luhn check."""

    code: ClassVar[str] = "CARD_NUMBER_INVALID"
    zh: ClassVar[str] = "银行卡号无效"
    en: ClassVar[str] = "the card number is not valid"


@dataclass(frozen=True, slots=True, kw_only=True)
class MobileInvalid(Refusal):
    """Not a mobile number of mainland China."""

    code: ClassVar[str] = "MOBILE_INVALID"
    zh: ClassVar[str] = "手机号码无效"
    en: ClassVar[str] = "the mobile number is not valid"


@dataclass(frozen=True, slots=True, kw_only=True)
class NameInvalid(Refusal):
    """Empty, too long, or with characters that no name has."""

    code: ClassVar[str] = "NAME_INVALID"
    zh: ClassVar[str] = "姓名为空、过长或含有不允许的字符"
    en: ClassVar[str] = "the name is empty, too long or has characters that no name has"


@dataclass(frozen=True, slots=True, kw_only=True)
class NameInvisible(Refusal):
    """Characters that are not seen or that turn the reading direction: a name that reads as another."""

    code: ClassVar[str] = "NAME_INVISIBLE_CHARACTER"
    zh: ClassVar[str] = "姓名含有不可见或控制方向的字符"
    en: ClassVar[str] = "the name has invisible or direction-changing characters"


@dataclass(frozen=True, slots=True, kw_only=True)
class NameNotChinese(Refusal):
    """A resident identity card shows a name in Chinese characters."""

    code: ClassVar[str] = "NAME_NOT_CHINESE"
    zh: ClassVar[str] = "居民身份证姓名须为汉字"
    en: ClassVar[str] = "the name on a resident identity card is in Chinese characters"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerNameDiffers(Refusal):
    """The identity number is known under another name: one of the two is wrong."""

    code: ClassVar[str] = "CUSTOMER_NAME_DIFFERS"
    zh: ClassVar[str] = "姓名与证件号码不一致"
    en: ClassVar[str] = "name and identity number do not belong together"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerErased(Refusal):
    """The person's data key was destroyed; there is nothing to read and nothing can be added."""

    code: ClassVar[str] = "CUSTOMER_ERASED"
    zh: ClassVar[str] = "该客户的个人信息已删除"
    en: ClassVar[str] = "the personal data of this customer were erased"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who a customer is; no value of it is shown by `repr`."""

    name: str = field(repr=False)
    """As given; compare with `normal_name`."""
    identity_type: IdentityType = IdentityType.RESIDENT_ID
    identity_number: str = field(repr=False)
    mobile: str = field(repr=False)

    @property
    def born_on(self) -> date:
        """Birth date, as the identity number says."""
        return born_on(self.identity_number)

    @property
    def gender(self) -> Gender:
        """Gender, as the identity number says."""
        return gender(self.identity_number)


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAccount:
    """An account of a customer, in clear; neither number nor holder is shown by `repr`."""

    number: str = field(repr=False)
    holder: str = field(repr=False)
    """户名, as the bank knows it."""
    bank_name: str
    account_type: str
    """`DEBIT_CARD`, `CREDIT_CARD`, `PASSBOOK` or `CORPORATE`."""
    currency: str


def check_character(first_seventeen: str) -> str:
    """Return the check character of an identity number (GB 11643-1999)."""
    total = sum(int(digit) * weight for digit, weight in zip(first_seventeen, IDENTITY_WEIGHTS, strict=True))
    return IDENTITY_CHECKS[total % 11]


def born_on(identity_number: str) -> date:
    """Return the birth date inside a checked identity number."""
    return date(int(identity_number[6:10]), int(identity_number[10:12]), int(identity_number[12:14]))


def gender(identity_number: str) -> Gender:
    """Return the gender inside a checked identity number: digit 17 is odd for men."""
    return Gender.MALE if int(identity_number[16]) % 2 else Gender.FEMALE


def identity_fault(
    number: str, kind: IdentityType = IdentityType.RESIDENT_ID, *, path: str | None = None
) -> Refusal | None:
    """Return what is wrong with an identity number, or None; `path` names the input field.

    A lower-case x is refused like any other foreign character: the number is signed and indexed as printed on the card.
    """
    if _LEGACY.fullmatch(number):
        return IdentityNumberLegacy(field=path)
    if not _IDENTITY.fullmatch(number):
        return IdentityNumberMalformed(field=path)
    if not _region_fits(number, kind):
        return IdentityNumberRegionUnknown(field=path)
    try:
        born_on(number)
    except ValueError:
        return IdentityNumberDateImpossible(field=path)
    return None if check_character(number[:17]) == number[17] else IdentityNumberCheckWrong(field=path)


def card_fault(number: str, *, path: str | None = None) -> Refusal | None:
    """Return what is wrong with a card number, or None."""
    return None if _CARD.fullmatch(number) and luhn(number) else CardNumberInvalid(field=path)


def mobile_fault(number: str, *, path: str | None = None) -> Refusal | None:
    """Return what is wrong with a mobile number, or None."""
    return None if _MOBILE.fullmatch(number) else MobileInvalid(field=path)


def name_fault(name: str, kind: IdentityType = IdentityType.RESIDENT_ID, *, path: str | None = None) -> Refusal | None:
    """Return what is wrong with a person's name, or None."""
    if any(unicodedata.category(char) in {"Cf", "Cc", "Cs", "Co", "Cn"} for char in name):
        return NameInvisible(field=path)
    normal = normal_name(name)
    if not 1 <= len(normal) <= NAME_LENGTH_MAX or not any(_letter(char) for char in normal):
        return NameInvalid(field=path)
    if not all(_letter(char) or char in f"{DOTS[0]} -'." for char in normal):
        return NameInvalid(field=path)
    if kind is IdentityType.RESIDENT_ID and not all(_han(char) or char == DOTS[0] for char in normal):
        return NameNotChinese(field=path)
    return None


def normal_name(name: str) -> str:
    """Return the form on which names are compared: composed, one kind of dot, single spaces, capitals."""
    composed = unicodedata.normalize("NFC", name).translate(_DOT_TABLE)
    return " ".join(composed.split()).upper()


def luhn(digits: str) -> bool:
    """Tell whether a string of digits passes the Luhn check (ISO/IEC 7812-1 annex B)."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0


def luhn_digit(digits: str) -> str:
    """Return the digit that makes `digits` pass the Luhn check when put behind it."""
    return next(str(last) for last in range(10) if luhn(f"{digits}{last}"))


def person(
    *,
    name: str,
    identity_number: str,
    mobile: str,
    identity_type: IdentityType = IdentityType.RESIDENT_ID,
    path: str = "person",
) -> Person | Invalid:
    """Return a checked person, or all that is wrong at once with the field paths under `path`."""
    found = (
        name_fault(name, identity_type, path=f"{path}.name"),
        identity_fault(identity_number, identity_type, path=f"{path}.identityNumber"),
        mobile_fault(mobile, path=f"{path}.mobile"),
    )
    faults = tuple(fault for fault in found if fault is not None)
    if faults:
        return Invalid(faults=faults)
    return Person(name=name, identity_type=identity_type, identity_number=identity_number, mobile=mobile)


def masked_identity(number: str) -> str:
    """Return an identity number for showing: first three and last two characters."""
    return f"{number[:3]}{'*' * (len(number) - 5)}{number[-2:]}"


def masked_mobile(number: str) -> str:
    """Return a mobile number for showing: first three and last two digits."""
    return f"{number[:3]}{'*' * (len(number) - 5)}{number[-2:]}"


def masked_card(number: str) -> str:
    """Return a card number for showing: the last four digits."""
    return f"{'*' * (len(number) - 4)}{number[-4:]}"


def masked_name(name: str) -> str:
    """Return a name for showing: the family name's first character."""
    return f"{name[:1]}{'*' * max(len(name) - 1, 1)}"


def _region_fits(number: str, kind: IdentityType) -> bool:
    """Tell whether the region prefix belongs to this kind of document."""
    match kind:
        case IdentityType.RESIDENT_ID:
            return number[:2] in PROVINCES
        case IdentityType.HMT_RESIDENCE:
            return number[:2] in RESIDENCE_PREFIXES
        case IdentityType.FOREIGN_PERMANENT_RESIDENCE:
            return number[0] == "9"


def _letter(char: str) -> bool:
    """Tell whether a character is a letter of any script."""
    return unicodedata.category(char).startswith("L") or _han(char)


def _han(char: str) -> bool:
    """Tell whether a character is a Chinese character (〇 included), also outside the basic plane."""
    return char == "〇" or unicodedata.name(char, "").startswith("CJK ")
