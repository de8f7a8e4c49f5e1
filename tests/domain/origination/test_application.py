import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from domain.origination import application
from domain.origination.application import AccountUsage, facts, feature_restored, feature_stored, stored
from tests.domain.origination.forms import CARD_NUMBER, IDENTITY_NUMBER, MOBILE, form

FORM_FIELDS = [f"F3-{number:02}" for number in range(1, 46)]
BORROWER_FIELDS = [f"F2-{number:02}" for number in range(1, 12)]


def test_every_field_of_the_two_claims_has_a_place() -> None:
    text = Path(application.__file__).read_text(encoding="utf-8")
    assert [one for one in FORM_FIELDS if one not in text] == []
    assert [one for one in BORROWER_FIELDS if one not in text] == []


def test_the_row_keeps_no_personal_data_and_no_token() -> None:
    text = json.dumps(stored(form()), ensure_ascii=False)
    for secret in ("张三", "李四", IDENTITY_NUMBER, CARD_NUMBER, MOBILE, "secret-token"):
        assert secret not in text
    assert CARD_NUMBER[-4:] in text


def test_the_row_keeps_every_other_field_that_was_sent() -> None:
    text = json.dumps(stored(form()), ensure_ascii=False)
    personal = {"张三", "李四", IDENTITY_NUMBER, CARD_NUMBER, MOBILE, "secret-token"}
    missing = [value for value in _leaves(form()) if value not in personal and value not in text]
    assert missing == []


def test_a_printed_form_shows_no_personal_data() -> None:
    text = repr(form())
    for secret in ("张三", IDENTITY_NUMBER, CARD_NUMBER, MOBILE, "secret-token"):
        assert secret not in text


def test_facts_count_the_age_to_the_day_and_name_nobody() -> None:
    found = facts(form(), on=date(2026, 12, 30))
    assert (found["age"], facts(form(), on=date(2026, 12, 31))["age"]) == (76, 77)
    assert found["credit_inquiry_consent"] is True
    assert found["contacts"] == 1
    assert found["status_checking"] == "A11"
    assert "张三" not in str(found)


def test_an_extension_cannot_hide_a_fact_of_the_form() -> None:
    with pytest.raises(AssertionError, match="hides a form fact"):
        facts(replace(form(), extension={"age": 30}), on=date(2026, 1, 5))


def test_a_form_is_frozen_through_and_through_and_has_no_floats() -> None:
    features: dict[str, application.Feature] = {"x": 1}
    made = replace(form(), extension=features)
    features["x"] = 2
    assert made.extension["x"] == 1
    with pytest.raises(AssertionError, match="no floats"):
        replace(form(), extension={"x": 0.1})  # type: ignore[dict-item]


@pytest.mark.parametrize("value", ["A11", 4, True, Decimal("0.36"), None])
def test_a_stored_feature_comes_back_with_its_type(value: application.Feature | None) -> None:
    restored = feature_restored(json.loads(json.dumps(feature_stored(value))))
    assert restored == value
    assert type(restored) is type(value)


@pytest.mark.parametrize(
    ("usage", "receives", "pays"),
    [
        (AccountUsage.BOTH, True, True),
        (AccountUsage.DISBURSEMENT, True, False),
        (AccountUsage.REPAYMENT, False, True),
    ],
)
def test_the_usage_of_an_account_decides_what_it_is_for(usage: AccountUsage, receives: bool, pays: bool) -> None:
    one = form()
    made = replace(one, accounts=(replace(one.accounts[0], usage=usage),))
    assert (made.receiving_account is not None, made.repayment_account is not None) == (receives, pays)


def test_something_is_asked_for_some_time() -> None:
    with pytest.raises(AssertionError, match="positive amount"):
        form(amount=0)
    with pytest.raises(AssertionError, match="positive term"):
        form(months=0)


def _leaves(value: object) -> Iterator[str]:
    if is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            yield from _leaves(getattr(value, one.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, date):
        yield value.isoformat()
    elif value is not None and not isinstance(value, bool):
        yield str(value)
