import json

from domain.decisioning.facts import Stage
from domain.decisioning.ruleset import read
from risk.rules.load import document_hash
from seed import german


def test_what_this_floor_knows_of_a_pack() -> None:
    pack = read(german.pack_text())
    assert (pack.name, pack.version, pack.validity_days) == ("german-standard", 1, 30)
    assert pack.stages[Stage.PRE_APPROVAL].assess
    assert not pack.stages[Stage.ANTI_FRAUD].assess
    assert pack.derived == {"score", "grade"}
    assert pack.contract_hash == german.contract().hash


def test_floor_and_engine_name_a_pack_by_the_same_hash() -> None:
    pack = read(german.pack_text())
    assert pack.hash == document_hash(german.pack_text())
    assert read(json.dumps(json.loads(german.pack_text()), indent=7)).hash == pack.hash
    assert read(pack.text) == pack
