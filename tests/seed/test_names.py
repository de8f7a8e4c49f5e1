from __future__ import annotations

from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import age_on
from domain.party.customer import Gender, born_on, card_fault, gender, identity_fault, mobile_fault, name_fault
from seed import names


@given(
    st.integers(0, 10_000), st.integers(18, 75), st.sampled_from(Gender), st.dates(date(2024, 1, 1), date(2028, 12, 31))
)
def test_invented_people_pass_every_check(seed: int, age: int, sex: Gender, on: date) -> None:
    random = Random(seed)
    number = names.identity_number(random, age=age, gender=sex, on=on)
    assert identity_fault(number) is None
    assert (age_on(born_on(number), on), gender(number)) == (age, sex)
    assert name_fault(names.name(random)) is None
    assert mobile_fault(names.mobile(random)) is None


@given(st.integers(0, 10_000))
def test_invented_cards_are_valid_and_ask_the_sandbox_bank_for_nothing(seed: int) -> None:
    number, bank = names.card(Random(seed))
    assert card_fault(number) is None
    assert not number[-4:].startswith(names.RESERVED_SUFFIX)
    assert bank


@pytest.mark.parametrize("suffix", [f"90{number:02d}" for number in range(20)])
def test_a_card_can_be_made_for_every_behaviour_of_the_bank(suffix: str) -> None:
    number, _ = names.card(Random(1), suffix=suffix)
    assert number.endswith(suffix)
    assert card_fault(number) is None
