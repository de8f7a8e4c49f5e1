import json

import pytest

from risk.strategy import CollectionStrategy, Contact, strategies
from seed import german


@pytest.mark.parametrize(
    ("code", "dpd", "contact"),
    [
        ("GENTLE", -3, Contact.REMINDER),
        ("GENTLE", -2, None),
        ("GENTLE", 0, None),
        ("GENTLE", 1, Contact.MESSAGE),
        ("GENTLE", 6, Contact.ROBOT_CALL),
        ("GENTLE", 14, Contact.ROBOT_CALL),
        ("GENTLE", 15, Contact.HUMAN_CALL),
        ("EARLY", 1, Contact.ROBOT_CALL),
        ("EARLY", 4, Contact.HUMAN_CALL),
    ],
)
def test_contact_by_days_past_due(code: str, dpd: int, contact: Contact | None) -> None:
    assert strategies(german.pack_text())[code].contact(dpd) == contact


def test_every_strategy_that_a_row_names_is_described() -> None:
    pack = json.loads(german.pack_text())
    assert set(pack["outputs"]["collection_strategy"]["levels"]) == set(strategies(german.pack_text()))


def test_stronger_means_come_later() -> None:
    with pytest.raises(AssertionError):
        CollectionStrategy(
            code="X",
            zh="x",
            en="x",
            reminder_before_days=3,
            message_from_dpd=5,
            robot_call_from_dpd=2,
            human_call_from_dpd=8,
        )
