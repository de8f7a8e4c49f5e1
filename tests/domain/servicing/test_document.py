"""What rests in the database comes back as the same value."""

import json
from dataclasses import fields
from datetime import date

import pytest
from hypothesis import given

from domain.servicing.contract import Contract
from domain.servicing.document import KINDS, contract_document, contract_of, fact_of, payload
from domain.servicing.life import Life
from tests.domain.servicing.histories import lives
from tests.domain.servicing.test_terms import TERMS


@given(lives())
def test_a_contract_and_its_facts_come_back_from_json_as_they_were(life: Life) -> None:
    assert contract_of(json.loads(json.dumps(contract_document(life.contract)))) == life.contract
    for fact in life.facts:
        said = json.loads(json.dumps(payload(fact)))
        again = fact_of(type(fact).__name__, no=fact.no, value_on=fact.value_on, booked_on=fact.booked_on, said=said)
        assert again == fact


def test_a_default_is_left_out_and_every_kind_of_fact_is_known() -> None:
    document = contract_document(Contract(terms=TERMS))
    assert set(document) == {"version", "terms"}
    assert {one.__name__ for one in KINDS.values()} == set(KINDS)
    assert all({"no", "value_on", "booked_on"} <= {one.name for one in fields(kind)} for kind in KINDS.values())


def test_a_document_of_another_shape_is_not_read() -> None:
    with pytest.raises(AssertionError, match="shape"):
        contract_of({**contract_document(Contract(terms=TERMS)), "version": 2})
    with pytest.raises(AssertionError, match="has no"):
        fact_of("Refund", no=1, value_on=date(2026, 1, 1), booked_on=date(2026, 1, 1), said={"amount": 1, "of": 2})
