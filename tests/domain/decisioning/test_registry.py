import pytest

from domain.decisioning.registry import STEPS, ModelState, step_fault

S = ModelState


@pytest.mark.parametrize(
    ("current", "to", "possible"),
    [
        (S.DRAFT, S.VALIDATED, True),
        (S.DRAFT, S.CHAMPION, False),
        (S.VALIDATED, S.CHAMPION, True),
        (S.VALIDATED, S.DRAFT, False),
        (S.CHAMPION, S.RETIRED, True),
        (S.CHAMPION, S.VALIDATED, False),
        (S.RETIRED, S.VALIDATED, True),
        (S.RETIRED, S.CHAMPION, False),
    ],
)
def test_steps(current: ModelState, to: ModelState, possible: bool) -> None:
    assert (step_fault(current, to) is None) is possible


def test_every_state_has_its_steps() -> None:
    assert set(STEPS) == set(ModelState)
