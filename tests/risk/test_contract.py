import json
from typing import Any

import pytest

from risk.contract import ContractInvalid, FeatureContract, canonical, load
from seed import german


def document() -> dict[str, Any]:
    return dict(json.loads(german.CONTRACT_PATH.read_text(encoding="utf-8")))


def test_hash_does_not_depend_on_spaces_or_order_of_keys(contract: FeatureContract) -> None:
    turned = {key: document()[key] for key in reversed(document())}
    assert load(json.dumps(turned, indent=3)).hash == contract.hash


def test_every_change_of_meaning_changes_the_hash(contract: FeatureContract) -> None:
    changed = document()
    changed["features"][0]["maximum"] += 1
    assert load(canonical(changed)).hash != contract.hash


def test_protected_features_are_never_inputs(contract: FeatureContract) -> None:
    protected = {spec.name for spec in contract.specs if spec.protected}
    assert protected == {"age", "personal_status_sex", "foreign_worker"}
    assert not protected & set(contract.vector_names)


def test_every_model_input_that_a_person_can_mend_has_a_reason(contract: FeatureContract) -> None:
    silent = {spec.name for spec in contract.model_specs if spec.reason is None}
    assert silent == {"dependants", "telephone"}
    used = {spec.reason for spec in contract.specs} | {ratio.reason for ratio in contract.ratios}
    assert used - {None} == set(contract.reasons)


def broken(*path: str | int, value: object) -> dict[str, Any]:
    """The contract with another value at a path; a list grows by the value at its end."""
    bad = document()
    place: Any = bad
    for step in path[:-1]:
        place = place[step]
    last = path[-1]
    if last == "+":
        place.append(value)
    else:
        place[last] = value
    return bad


AGE = [one["name"] for one in document()["features"]].index("age")


@pytest.mark.parametrize(
    "bad",
    [
        broken("features", "+", value=document()["features"][0]),
        broken("features", 2, "levels", "+", value=document()["features"][2]["levels"][0]),
        broken("features", 0, "type", value="float"),
        broken("features", 0, "weight", value=3),
        broken("features", 0, "levels", value=document()["features"][2]["levels"]),
        broken("features", 2, "monotone", value=1),
        broken("features", 0, "monotone", value=2),
        broken("features", 0, "reason", value="Z99"),
        broken("features", AGE, "reason", value="A01"),
        broken("ratios", 0, "denominator", value="age"),
        broken("ratios", 0, "denominator", value="nobody"),
        broken("label", value=None),
        broken("features", value={}),
        broken("features", 0, "scale", value="100"),
        broken("version", value="1"),
    ],
)
def test_a_contract_that_contradicts_itself_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ContractInvalid):
        load(json.dumps(bad))
