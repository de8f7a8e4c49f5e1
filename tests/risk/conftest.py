"""The demonstration's model, trained once for all tests of risk."""

import pytest

from risk.contract import FeatureContract
from risk.model import Model, load
from risk.training import Example, Trained
from seed import german


@pytest.fixture(scope="session")
def contract() -> FeatureContract:
    """The contract of the German credit set."""
    return german.contract()


@pytest.fixture(scope="session")
def examples(contract: FeatureContract) -> tuple[Example, ...]:
    """All thousand rows."""
    return german.table(contract).examples


@pytest.fixture(scope="session")
def trained() -> Trained:
    """The model file of the demonstration."""
    return german.trained()


@pytest.fixture(scope="session")
def model(trained: Trained, contract: FeatureContract) -> Model:
    """The same, ready to serve."""
    loaded = load(trained.content, registered=trained.registered, contract=contract)
    assert isinstance(loaded, Model)
    return loaded


@pytest.fixture(scope="session")
def unseen(examples: tuple[Example, ...]) -> tuple[Example, ...]:
    """The rows that the demonstration's model was not trained on."""
    seen = {example.line for example in german.training_rows(examples)}
    return tuple(example for example in examples if example.line not in seen)
