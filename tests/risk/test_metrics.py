import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.metrics import auc, ece, ks, measured

pairs = st.lists(st.tuples(st.booleans(), st.integers(0, 10)), min_size=2, max_size=40).filter(
    lambda rows: len({bad for bad, _ in rows}) == 2
)


@given(pairs)
def test_auc_and_ks_by_counting(rows: list[tuple[bool, int]]) -> None:
    labels = np.asarray([bad for bad, _ in rows], dtype=np.float64)
    said = np.asarray([value / 10 for _, value in rows])
    bads, goods = said[labels == 1], said[labels == 0]
    wins = sum((one > other) + (one == other) / 2 for one in bads for other in goods)
    assert auc(labels, said) == pytest.approx(wins / (len(bads) * len(goods)))
    gaps = [abs((bads <= cut).mean() - (goods <= cut).mean()) for cut in said]
    assert ks(labels, said) == pytest.approx(max(gaps))


def test_ece_of_a_known_case() -> None:
    labels = np.asarray([0.0] * 50 + [1.0] * 50)
    assert ece(labels, np.asarray([0.25] * 50 + [0.75] * 50)) == pytest.approx(0.25)
    assert ece(labels, labels) == 0.0


def test_a_calibrated_scorer_stays_under_its_noise_floor() -> None:
    generator = np.random.default_rng(1)
    said = generator.uniform(0.05, 0.6, 2000)
    bad = (generator.random(2000) < said).tolist()
    found = measured(bad, said.tolist(), seed=2)
    assert found.ece <= found.ece_floor
    assert found.ece_p_value > 0.01
    wrong = measured(bad, (said * 1.5).clip(0, 1).tolist(), seed=2)
    assert wrong.ece > wrong.ece_floor
    assert wrong.ece_p_value == 0
