from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.party.customer import (
    IDENTITY_WEIGHTS,
    Gender,
    IdentityType,
    born_on,
    card_fault,
    check_character,
    gender,
    identity_fault,
    luhn,
    luhn_digit,
    masked_card,
    masked_identity,
    masked_mobile,
    masked_name,
    mobile_fault,
    name_fault,
    normal_name,
    person,
)
from domain.refusals import Invalid

GOOD = "11010519491231002X"


@pytest.mark.parametrize(
    ("number", "kind", "code"),
    [
        (GOOD, IdentityType.RESIDENT_ID, None),
        ("440305199001010038", IdentityType.RESIDENT_ID, "IDENTITY_NUMBER_CHECK"),
        ("110105194912310021", IdentityType.RESIDENT_ID, "IDENTITY_NUMBER_CHECK"),
        ("11010519491231002x", IdentityType.RESIDENT_ID, "IDENTITY_NUMBER_MALFORMED"),
        ("110105491231002", IdentityType.RESIDENT_ID, "IDENTITY_NUMBER_LEGACY"),
        ("11010519490231002X", IdentityType.RESIDENT_ID, "IDENTITY_NUMBER_DATE"),
        ("99010519491231002X", IdentityType.RESIDENT_ID, "IDENTITY_NUMBER_REGION"),
        ("1101051949123100２X", IdentityType.RESIDENT_ID, "IDENTITY_NUMBER_MALFORMED"),
        ("", IdentityType.RESIDENT_ID, "IDENTITY_NUMBER_MALFORMED"),
        (" " + GOOD, IdentityType.RESIDENT_ID, "IDENTITY_NUMBER_MALFORMED"),
        (GOOD + "\n", IdentityType.RESIDENT_ID, "IDENTITY_NUMBER_MALFORMED"),
        (GOOD, IdentityType.HMT_RESIDENCE, "IDENTITY_NUMBER_REGION"),
        ("810000199001010019", IdentityType.RESIDENT_ID, "IDENTITY_NUMBER_REGION"),
        ("81000019900101001" + check_character("81000019900101001"), IdentityType.HMT_RESIDENCE, None),
        (
            "91100019900101001" + check_character("91100019900101001"),
            IdentityType.FOREIGN_PERMANENT_RESIDENCE,
            None,
        ),
    ],
)
def test_identity_numbers(number: str, kind: IdentityType, code: str | None) -> None:
    fault = identity_fault(number, kind, path="borrower.idNo")
    assert (fault.code if fault else None) == code
    if fault:
        assert fault.field == "borrower.idNo"
        assert number == "" or number not in repr(fault)


@given(st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(place: int, more: int) -> None:
    digits = "11010519491231002"
    wrong = digits[:place] + str((int(digits[place]) + more) % 10) + digits[place + 1 :]
    assert check_character(wrong) != "X"


@given(st.integers(0, 15))
def test_two_neighbours_exchanged_are_found(place: int) -> None:
    digits = "11010519491231002"
    swapped = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    assert (check_character(swapped) == "X") == (swapped == digits)


def test_weights_are_powers_of_two_modulo_eleven() -> None:
    assert tuple(2 ** (17 - place) % 11 for place in range(17)) == IDENTITY_WEIGHTS


def test_what_an_identity_number_says() -> None:
    assert (born_on(GOOD), gender(GOOD)) == (date(1949, 12, 31), Gender.FEMALE)
    assert gender("44030519900101003X") is Gender.MALE


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("4111111111111111", True),
        ("4111111111111112", False),
        ("6222021234567890", False),
        ("411111111111", False),
        ("41111111111111111111", False),
        ("4111 1111 1111 1111", False),
        ("４111111111111111", False),
        ("", False),
    ],
)
def test_card_numbers(number: str, valid: bool) -> None:
    assert (card_fault(number) is None) is valid


@given(st.text("0123456789", min_size=12, max_size=18))
def test_the_luhn_digit_makes_a_card_and_no_other_does(digits: str) -> None:
    right = luhn_digit(digits)
    assert [str(last) for last in range(10) if luhn(f"{digits}{last}")] == [right]


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("13800138000", True),
        ("19912345678", True),
        ("12800138000", False),
        ("1380013800", False),
        ("138001380000", False),
        ("+8613800138000", False),
        ("138-0013-8000", False),
        ("１3800138000", False),
    ],
)
def test_mobiles(number: str, valid: bool) -> None:
    assert (mobile_fault(number) is None) is valid


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("王伟", IdentityType.RESIDENT_ID, None),
        ("买买提·艾力", IdentityType.RESIDENT_ID, None),
        ("买买提\u2022艾力", IdentityType.RESIDENT_ID, None),
        ("买买提\u30fb艾力", IdentityType.RESIDENT_ID, None),
        ("𠮷田", IdentityType.RESIDENT_ID, None),
        ("㛃", IdentityType.RESIDENT_ID, None),
        ("〇", IdentityType.RESIDENT_ID, None),
        ("阿" * 30, IdentityType.RESIDENT_ID, None),
        ("阿" * 51, IdentityType.RESIDENT_ID, "NAME_INVALID"),
        ("", IdentityType.RESIDENT_ID, "NAME_INVALID"),
        ("···", IdentityType.RESIDENT_ID, "NAME_INVALID"),
        ("John Smith", IdentityType.RESIDENT_ID, "NAME_NOT_CHINESE"),
        ("John Smith", IdentityType.FOREIGN_PERMANENT_RESIDENCE, None),
        ("O'Neill-Müller Jr.", IdentityType.FOREIGN_PERMANENT_RESIDENCE, None),
        ("王\u202e伟", IdentityType.RESIDENT_ID, "NAME_INVISIBLE_CHARACTER"),
        ("王\u200b伟", IdentityType.RESIDENT_ID, "NAME_INVISIBLE_CHARACTER"),
        ("王\ufeff伟", IdentityType.RESIDENT_ID, "NAME_INVISIBLE_CHARACTER"),
        ("王\u0000", IdentityType.RESIDENT_ID, "NAME_INVISIBLE_CHARACTER"),
        ("王\ud800", IdentityType.RESIDENT_ID, "NAME_INVISIBLE_CHARACTER"),
        ("<img onerror>", IdentityType.FOREIGN_PERMANENT_RESIDENCE, "NAME_INVALID"),
        ("=HYPERLINK(1)", IdentityType.FOREIGN_PERMANENT_RESIDENCE, "NAME_INVALID"),
        ("王伟2", IdentityType.RESIDENT_ID, "NAME_INVALID"),
        ("王😀", IdentityType.RESIDENT_ID, "NAME_INVALID"),
    ],
)
def test_names(name: str, kind: IdentityType, code: str | None) -> None:
    fault = name_fault(name, kind)
    assert (fault.code if fault else None) == code


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("买买提·艾力", "买买提\u30fb艾力"),
        ("Zoe\u0308", "Zoë"),
        ("john  smith ", "JOHN SMITH"),
    ],
)
def test_names_are_compared_in_one_form(one: str, other: str) -> None:
    assert normal_name(one) == normal_name(other)


def test_a_person_is_told_all_faults_at_once_and_shows_nothing() -> None:
    wrong = person(name="", identity_number="1", mobile="2", path="borrower")
    assert isinstance(wrong, Invalid)
    assert [fault.field for fault in wrong.faults] == [
        "borrower.name",
        "borrower.identityNumber",
        "borrower.mobile",
    ]
    right = person(name="王伟", identity_number=GOOD, mobile="13800138000")
    assert not isinstance(right, Invalid)
    assert (right.born_on, right.gender) == (date(1949, 12, 31), Gender.FEMALE)
    assert all(secret not in repr(right) for secret in ("王伟", GOOD, "13800138000"))


def test_masks() -> None:
    assert masked_identity(GOOD) == "110*************2X"
    assert masked_mobile("13800138000") == "138******00"
    assert masked_card("4111111111111111") == "************1111"
    assert masked_name("王伟") == "王*"
