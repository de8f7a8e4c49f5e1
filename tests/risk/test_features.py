import math
from decimal import Decimal

import pytest

from risk.contract import FeatureContract
from risk.features import MISSING_LEVEL, Features, build, categorical, fault_of
from risk.training import Example


def test_the_vector_has_one_place_for_each_input_and_ratio(
    contract: FeatureContract, examples: tuple[Example, ...]
) -> None:
    features = build(contract, examples[0].facts)
    assert isinstance(features, Features)
    by_name = dict(zip(contract.vector_names, features.vector, strict=True))
    assert by_name["amount"] == 116_900.0
    assert by_name["checking_status"] == "OVERDRAWN"
    assert by_name["monthly_principal"] == pytest.approx(116_900 / 6)
    assert {contract.vector_names[place] for place in categorical(contract)} == {
        name for name, cell in by_name.items() if isinstance(cell, str)
    }


def test_protected_facts_change_nothing(contract: FeatureContract, examples: tuple[Example, ...]) -> None:
    facts = dict(examples[0].facts)
    assert build(
        contract, {**facts, "age": 20, "personal_status_sex": "FEMALE_SINGLE", "foreign_worker": "NO"}
    ) == build(contract, facts)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("amount", None, "MISSING:amount"),
        ("amount", "116900", "INVALID:amount"),
        ("amount", 1169.0, "INVALID:amount"),
        ("amount", math.nan, "INVALID:amount"),
        ("amount", Decimal(116_900), "INVALID:amount"),
        ("amount", True, "INVALID:amount"),
        ("amount", 0, "INVALID:amount"),
        ("amount", -5, "INVALID:amount"),
        ("amount", 100_000_001, "INVALID:amount"),
        ("term", 121, "INVALID:term"),
        ("instalment_rate", 5, "INVALID:instalment_rate"),
        ("checking_status", None, "MISSING:checking_status"),
        ("checking_status", "", "INVALID:checking_status"),
        ("checking_status", "RICH", "INVALID:checking_status"),
        ("checking_status", "overdrawn", "INVALID:checking_status"),
        ("checking_status", 1, "INVALID:checking_status"),
    ],
)
def test_a_fault_is_told_by_name(
    contract: FeatureContract, examples: tuple[Example, ...], name: str, value: object, code: str
) -> None:
    found = build(contract, {**examples[0].facts, name: value})  # type: ignore[dict-item]  # wrong types are the case
    assert isinstance(found, tuple)
    assert [reason.code for reason in found] == [code]


def test_all_faults_are_told_at_once(contract: FeatureContract) -> None:
    found = build(contract, {})
    assert isinstance(found, tuple)
    assert {reason.field for reason in found} == {spec.name for spec in contract.model_specs}


def test_a_missing_value_is_an_answer_where_the_contract_allows_it(contract: FeatureContract) -> None:
    spec = contract.spec("personal_status_sex")
    assert spec is not None
    assert fault_of(spec, None) is None
    assert MISSING_LEVEL not in {level.code for level in spec.levels}
