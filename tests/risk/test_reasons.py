from collections import Counter
from decimal import Decimal

from risk.assess import Assessment, assessor
from risk.contract import FeatureContract, Value
from risk.model import Model
from risk.reasons import Source, from_points, shown
from risk.training import Example


def test_every_low_score_has_one_to_four_reasons_in_two_languages(
    model: Model, contract: FeatureContract, unseen: tuple[Example, ...]
) -> None:
    assess = assessor(model)
    protected = {spec.name for spec in contract.specs if spec.protected}
    declined = 0
    for example in unseen:
        found = assess(example.facts)
        assert isinstance(found, Assessment)
        if found.score >= 520:
            continue
        declined += 1
        assert 1 <= len(found.reasons) <= 4
        assert all(reason.points is not None and reason.points < 0 for reason in found.reasons)
        assert [reason.points for reason in found.reasons] == sorted(reason.points or 0 for reason in found.reasons)
        assert len({reason.code for reason in found.reasons}) == len(found.reasons)
        for reason in found.reasons:
            assert reason.source is Source.MODEL
            assert reason.field not in protected
            assert "{" not in reason.zh + reason.en
            assert reason.zh != reason.en
    assert declined >= 80


def typical(contract: FeatureContract, examples: tuple[Example, ...]) -> dict[str, Value]:
    """The most frequent value of each feature among good loans; the median of amounts and terms."""
    good = [example.facts for example in examples if not example.bad]
    values: dict[str, Value] = {}
    for spec in contract.model_specs:
        own = [facts[spec.name] for facts in good]
        numbers = sorted(value for value in own if isinstance(value, int))
        values[spec.name] = numbers[len(numbers) // 2] if numbers else Counter(own).most_common(1)[0][0]
    return values


def test_mending_the_reasons_raises_the_score(
    model: Model, contract: FeatureContract, examples: tuple[Example, ...]
) -> None:
    assess, good = assessor(model), typical(contract, examples)
    tried = risen = 0
    for example in examples[:500]:
        found = assess(example.facts)
        assert isinstance(found, Assessment)
        if found.score >= 507:
            continue
        fields = {reason.field for reason in found.reasons}
        if "monthly_principal" in fields:
            fields |= {"amount", "term"}
        mended = assess({**example.facts, **{name: good[name] for name in fields if name in good}})
        assert isinstance(mended, Assessment)
        tried += 1
        risen += mended.score > found.score
    assert tried >= 100
    assert risen / tried >= 0.99


def test_features_of_one_reason_code_are_summed(contract: FeatureContract, examples: tuple[Example, ...]) -> None:
    points = dict.fromkeys(contract.vector_names, 1.0) | {"job": -3.0, "employment_since": -4.0, "amount": -6.0}
    found = from_points(contract, examples[0].facts, points)
    assert [(reason.code, reason.points, reason.field) for reason in found] == [
        ("A05", Decimal("-7.000000"), "employment_since"),
        ("A01", Decimal("-6.000000"), "amount"),
    ]


def test_without_any_loss_the_lowest_is_still_told(contract: FeatureContract, examples: tuple[Example, ...]) -> None:
    points = dict.fromkeys(contract.vector_names, 1.0) | {"savings": 0.5}
    assert [reason.code for reason in from_points(contract, examples[0].facts, points)] == ["B02"]


def test_values_are_shown_as_people_read_them(contract: FeatureContract) -> None:
    amount, savings = contract.spec("amount"), contract.spec("savings")
    assert amount is not None
    assert savings is not None
    assert shown(amount, 1_234_567) == ("12,345.67", "12,345.67")
    assert shown(savings, "BELOW_100") == ("不足100元", "below 100")
    assert shown(amount, None) == ("未提供", "not given")
