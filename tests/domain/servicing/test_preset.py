"""Every preset of a life is a contract that can be read, and named for a convention of the terms."""

from typing import Any

import pytest

from domain.refusals import Invalid
from domain.servicing.convention import CONVENTIONS
from domain.servicing.preset import LIVES
from domain.servicing.scenario import scenario


@pytest.mark.parametrize("name", LIVES)
def test_a_preset_is_read_without_a_fault(name: str) -> None:
    assert name in CONVENTIONS
    tree: dict[str, Any] = {"principal": "1200.00", "rateAnnual": "0.12", "instalments": 12, "startOn": "2026-03-05"}
    assert not isinstance(scenario({"convention": name, "terms": tree, "steps": []}), Invalid)
