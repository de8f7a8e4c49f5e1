from collections import Counter

from risk.contract import Use, Value
from risk.features import Features, build
from seed import german


def test_a_thousand_applications_in_file_order() -> None:
    found = german.applications()
    assert [one.row for one in found] == list(range(1, 1001))
    assert Counter(one.bad for one in found) == {False: 700, True: 300}
    assert (found[0].amount, found[0].term_months, found[0].purpose_code, found[0].age) == (116_900, 6, "RADIO_TV", 67)


def test_form_and_extension_carry_every_model_input_and_nothing_protected() -> None:
    contract = german.contract()
    one = german.applications(contract)[0]
    form: dict[str, Value] = {"amount": one.amount, "term": one.term_months, "purpose_code": one.purpose_code}
    assert isinstance(build(contract, {**form, **one.extension}), Features)
    assert not {spec.name for spec in contract.specs if spec.protected} & one.extension.keys()
    assert all(Use.SCORE in spec.uses for spec in contract.model_specs)


def test_the_training_part_is_seven_tenths_even_in_outcomes() -> None:
    examples = german.table(german.contract()).examples
    part = german.training_rows(examples)
    assert (len(part), sum(one.bad for one in part)) == (700, 210)
    assert part == german.training_rows(examples)


def test_the_pack_and_the_contract_belong_together() -> None:
    assert f'"contract_hash": "{german.contract().hash}"' in german.pack_text()
