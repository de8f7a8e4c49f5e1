from dataclasses import replace
from random import Random

import pytest

from risk.contract import FeatureContract
from risk.features import Features, build
from risk.metrics import measured
from risk.training import Example, RowFault, Trained, out_of_fold, read, stratified, train
from seed import german


@pytest.mark.slow
def test_five_folds_of_the_german_set(contract: FeatureContract, examples: tuple[Example, ...]) -> None:
    vectors = [built.vector for one in examples if isinstance(built := build(contract, one.facts), Features)]
    bad = [example.bad for example in examples]
    found = measured(bad, out_of_fold(vectors, bad, contract, seed=42), seed=42)
    assert found.rows == 1000
    assert found.auc >= 0.77
    assert found.ks >= 0.42
    assert found.ece <= found.ece_floor
    assert abs(found.mean_probability / found.bad_rate - 1) <= 0.03


def test_the_model_orders_rows_that_it_never_saw(
    trained: Trained, contract: FeatureContract, unseen: tuple[Example, ...]
) -> None:
    assert trained.rows + len(unseen) == 1000
    assert trained.metrics.auc >= 0.77


def test_labels_without_meaning_teach_nothing(contract: FeatureContract, examples: tuple[Example, ...]) -> None:
    some = examples[:400]
    vectors = [built.vector for one in some if isinstance(built := build(contract, one.facts), Features)]
    bad = [example.bad for example in some]
    Random(5).shuffle(bad)
    assert 0.40 <= measured(bad, out_of_fold(vectors, bad, contract, seed=1, folds=3), seed=1).auc <= 0.60


def test_the_same_rows_and_seed_give_the_same_file(contract: FeatureContract, examples: tuple[Example, ...]) -> None:
    rows = examples[:150]
    first, second = (train(rows, contract, seed=7, folds=2) for _ in range(2))
    assert first == second
    assert first.sha256 != train(rows, contract, seed=8, folds=2).sha256


def test_folds_are_dealt_evenly() -> None:
    bad = [number % 10 == 0 for number in range(1000)]
    places = stratified(bad, folds=5, seed=3)
    for fold in range(5):
        inside = [ended for ended, place in zip(bad, places, strict=True) if place == fold]
        assert (len(inside), sum(inside)) == (200, 20)


def test_the_file_carries_no_time_and_no_random_id(trained: Trained) -> None:
    for trace in (b"train_finish_time", b"model_guid", b"catboost_version_info"):
        assert trace not in trained.content


def lines() -> list[str]:
    return german.CSV_PATH.read_text(encoding="utf-8").splitlines()[:3]


@pytest.mark.parametrize(
    ("before", "after", "column", "code"),
    [
        (",6,", ",six,", "duration_in_month", "NOT_A_NUMBER"),
        (",6,", ",6.5,", "duration_in_month", "NOT_A_NUMBER"),
        (",6,", ",NaN,", "duration_in_month", "NOT_A_NUMBER"),
        (",6,", ",999,", "duration_in_month", "OUT_OF_RANGE"),
        (",6,", ",,", "duration_in_month", "MISSING"),
        ("radio/television", "yachts", "purpose", "UNKNOWN_LEVEL"),
        (",good", ",perhaps", "creditability", "UNKNOWN_LABEL"),
        (",good", "", "", "COLUMNS"),
        (",good", ",good,good", "", "COLUMNS"),
    ],
)
def test_malformed_rows_are_told_and_left_out(
    contract: FeatureContract, before: str, after: str, column: str, code: str
) -> None:
    header, first, second = lines()
    assert before in first
    table = read("\n".join([header, first.replace(before, after, 1), second]), contract)
    assert [(fault.line, fault.column, fault.code) for fault in table.faults] == [(1, column, code)]
    assert all(isinstance(fault, RowFault) for fault in table.faults)
    assert [example.line for example in table.examples] == [2]


def test_special_codes_mean_missing(contract: FeatureContract) -> None:
    specs = tuple(replace(one, missing_codes=("none",)) if one.name == "telephone" else one for one in contract.specs)
    header, _, second = lines()
    table = read(f"{header}\n{second}", replace(contract, specs=specs))
    assert [fault.code for fault in table.faults] == ["MISSING"]
