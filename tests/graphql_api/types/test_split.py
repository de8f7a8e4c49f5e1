"""Amounts by component: whatever components there are, the total is all of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.servicing.allocation import Component
from graphql_api.types.split import split

AMOUNTS = st.dictionaries(st.sampled_from([one.value for one in Component]), st.integers(-(10**12), 10**12))


@given(AMOUNTS)
def test_a_split_holds_each_component_and_their_total(by: dict[str, int]) -> None:
    made = split("CNY", by)
    assert {name: getattr(made, name) for name in by} == by
    assert made.total == sum(by.values())


def test_a_component_that_nobody_knows_is_a_mistake() -> None:
    with pytest.raises(TypeError):
        split("CNY", {"tip": 1})
