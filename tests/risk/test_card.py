import json

import pytest

from risk.card import document, markdown
from risk.contract import FeatureContract
from risk.training import Trained


def test_the_card_is_json_and_names_what_is_protected(trained: Trained, contract: FeatureContract) -> None:
    card = document(trained, contract)
    assert json.loads(json.dumps(card)) == card
    assert card["protected"] == ["age", "personal_status_sex", "foreign_worker"]
    assert card["model_sha256"] == trained.sha256


@pytest.mark.parametrize(("locale", "word"), [("zh-CN", "模型卡"), ("en", "Model card")])
def test_the_card_speaks_both_languages(trained: Trained, contract: FeatureContract, locale: str, word: str) -> None:
    text = markdown(trained, contract, locale=locale)
    assert word in text
    assert str(trained.metrics.auc) in text
    assert all(f"`{spec.name}`" in text for spec in contract.model_specs)
