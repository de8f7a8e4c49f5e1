import hashlib
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.contract import FeatureContract
from risk.features import Features, build
from risk.model import (
    FILE_SIZE_MAX,
    Model,
    ModelRefused,
    RefusalCode,
    SelfTest,
    load,
    raw,
    raw_many,
    scored,
    self_test_document,
    self_test_of,
)
from risk.training import Example, Trained


def features(contract: FeatureContract, example: Example) -> Features:
    found = build(contract, example.facts)
    assert isinstance(found, Features)
    return found


def refusal(found: Model | ModelRefused) -> RefusalCode:
    assert isinstance(found, ModelRefused), "the file was taken"
    return found.code


@settings(max_examples=150)
@given(data=st.data())
def test_a_changed_file_is_never_parsed(trained: Trained, contract: FeatureContract, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(trained.content) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != trained.content[place]))
    changed = trained.content[:place] + bytes([other]) + trained.content[place + 1 :]
    found = load(changed, registered=trained.registered, contract=contract)
    assert refusal(found) is RefusalCode.HASH_WRONG


def test_a_cut_file_is_never_parsed(trained: Trained, contract: FeatureContract) -> None:
    found = load(trained.content[:-1], registered=trained.registered, contract=contract)
    assert refusal(found) is RefusalCode.HASH_WRONG


def test_a_registered_file_that_is_no_model_is_refused(trained: Trained, contract: FeatureContract) -> None:
    content = b"no model"
    registered = replace(trained.registered, sha256=hashlib.sha256(content).hexdigest())
    assert refusal(load(content, registered=registered, contract=contract)) is RefusalCode.UNREADABLE


def test_a_huge_file_is_refused(trained: Trained, contract: FeatureContract) -> None:
    found = load(b"0" * (FILE_SIZE_MAX + 1), registered=trained.registered, contract=contract)
    assert refusal(found) is RefusalCode.TOO_LARGE


def test_another_contract_is_refused(trained: Trained, contract: FeatureContract) -> None:
    other = replace(contract, text=contract.text + " ")
    found = load(trained.content, registered=trained.registered, contract=other)
    assert refusal(found) is RefusalCode.CONTRACT_WRONG


@pytest.mark.parametrize("kind", ["none", "other score", "too few scores", "short vector"])
def test_a_model_that_fails_its_self_test_does_not_serve(
    trained: Trained, contract: FeatureContract, kind: str
) -> None:
    good = trained.self_test
    self_test = {
        "none": SelfTest(vectors=(), raw_scores=()),
        "other score": SelfTest(vectors=good.vectors, raw_scores=(good.raw_scores[0] + 1e-11, *good.raw_scores[1:])),
        "too few scores": SelfTest(vectors=good.vectors, raw_scores=good.raw_scores[:-1]),
        "short vector": SelfTest(vectors=(good.vectors[0][:-1], *good.vectors[1:]), raw_scores=good.raw_scores),
    }[kind]
    found = load(trained.content, registered=replace(trained.registered, self_test=self_test), contract=contract)
    assert refusal(found) is RefusalCode.SELF_TEST_FAILED


def test_parts_sum_to_the_raw_score(model: Model, contract: FeatureContract, unseen: tuple[Example, ...]) -> None:
    for example in unseen:
        result = scored(model, features(contract, example))
        assert abs(result.base + sum(part for _, part in result.parts) - result.raw) <= 1e-9


def test_one_row_and_many_rows_score_the_same(
    model: Model, contract: FeatureContract, unseen: tuple[Example, ...]
) -> None:
    vectors = [features(contract, example).vector for example in unseen]
    assert raw_many(model, vectors) == [raw(model, vector) for vector in vectors]


def test_declared_signs_hold_everywhere(model: Model, contract: FeatureContract, unseen: tuple[Example, ...]) -> None:
    for spec in contract.model_specs:
        if not spec.monotone:
            continue
        place = contract.vector_names.index(spec.name)
        for example in unseen:
            vector = features(contract, example).vector
            sweep = [(*vector[:place], float(value), *vector[place + 1 :]) for value in range(1, 73)]
            scores = raw_many(model, sweep)
            assert all((after - before) * spec.monotone >= -1e-12 for before, after in pairwise(scores))


def test_a_self_test_survives_storage(trained: Trained) -> None:
    assert self_test_of(self_test_document(trained.self_test)) == trained.self_test
