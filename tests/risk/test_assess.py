import math
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from risk.assess import Assessment, assessor
from risk.contract import FeatureContract
from risk.model import Model
from risk.scorecard import STANDARD
from risk.training import Example

nonsense: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.text(max_size=8),
    st.floats(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.just([]),
)


def test_base_and_points_sum_to_the_score(model: Model, unseen: tuple[Example, ...]) -> None:
    assess = assessor(model)
    for example in unseen[:100]:
        found = assess(example.facts)
        assert isinstance(found, Assessment)
        total = found.base_points + sum(points for _, points in found.points)
        assert abs(total - found.score) <= 0.5 + 1e-9
        odds = float(found.probability_of_default) / (1 - float(found.probability_of_default))
        assert abs(STANDARD.unrounded(math.log(odds)) - total) <= 1e-4


def test_the_same_facts_give_the_same_assessment(model: Model, unseen: tuple[Example, ...]) -> None:
    assess = assessor(model)
    assert assess(unseen[0].facts) == assess(dict(reversed(list(unseen[0].facts.items()))))


@settings(max_examples=300)
@given(data=st.data())
def test_no_score_is_ever_silent(
    model: Model, contract: FeatureContract, unseen: tuple[Example, ...], data: st.DataObject
) -> None:
    names = [spec.name for spec in contract.model_specs]
    facts = dict(data.draw(st.sampled_from(unseen)).facts)
    spoilt = data.draw(st.dictionaries(st.sampled_from(names), nonsense, min_size=1, max_size=4))
    found = assessor(model)({**facts, **spoilt})
    valid = {
        name
        for name, value in spoilt.items()
        if (spec := contract.spec(name)) is not None
        and (
            (type(value) is int and spec.minimum is not None and spec.minimum <= value <= (spec.maximum or 0))
            or (type(value) is str and spec.level(value) is not None)
        )
    }
    if valid == spoilt.keys():
        assert isinstance(found, Assessment)
    else:
        assert isinstance(found, tuple)
        assert {reason.field for reason in found} == spoilt.keys() - valid
        assert all(reason.zh and reason.en for reason in found)


def test_probability_has_ten_places(model: Model, unseen: tuple[Example, ...]) -> None:
    found = assessor(model)(unseen[0].facts)
    assert isinstance(found, Assessment)
    assert found.probability_of_default == found.probability_of_default.quantize(Decimal("0.0000000001"))
    assert found.model_hash == model.sha256
