"""Conventions are data and documentation is run: every example of the reference page computes what it says."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from domain.servicing.answer import plan_document
from domain.servicing.convention import CONVENTIONS
from domain.servicing.function import Evaluated, evaluated
from domain.servicing.quotation import Asked, asked, terms_read
from domain.servicing.reader import Reader
from domain.servicing.schedule import schedule

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "reference" / "conventions.md").read_text(encoding="utf-8")
EXAMPLES = [
    (json.loads(terms), json.loads(answer))
    for terms, answer in re.findall(r"```json terms\n(.*?)```\n```json answer\n(.*?)```", PAGE, re.DOTALL)
]


@pytest.mark.parametrize(("terms", "answer"), EXAMPLES, ids=lambda one: json.dumps(one)[:60])
def test_every_example_of_the_page_computes_what_it_says(terms: dict[str, Any], answer: dict[str, Any]) -> None:
    found = asked(terms)
    assert isinstance(found, Asked), found.codes
    made: dict[str, Any] = plan_document(found.terms, schedule(found.terms))
    rows = {str(row["no"]): row for row in made["schedule"]}
    for name, expected in answer.items():
        if name in rows:
            assert {key: rows[name][key] for key in expected} == expected, name
        else:
            assert made[name] == expected, name


def test_the_functions_of_the_page_compute_what_it_says() -> None:
    found = re.findall(r"```json function\n(.*?)```\n```json answer\n(.*?)```", PAGE, re.DOTALL)
    assert found
    for terms, answer in found:
        made = evaluated(json.loads(terms))
        assert isinstance(made, Evaluated)
        assert made.document() == json.loads(answer)


def test_the_page_has_an_example_of_every_convention() -> None:
    assert {terms["convention"] for terms, _ in EXAMPLES if "convention" in terms} == set(CONVENTIONS)


def test_every_field_is_read_published_and_documented() -> None:
    reader = Reader({}, "", [])
    terms_read(reader)
    of_the_answer = {"costCapAnnual", "costCapMargin", "lender", "assisted", "contingent"}
    read = reader.read | of_the_answer | {"convention", "currency"}
    schema = json.loads((ROOT / "commands" / "schemas" / "quote.json").read_text(encoding="utf-8"))
    assert set(schema["$defs"]["terms"]["properties"]) == read
    assert {name for name in read if f"`{name}`" not in PAGE} == set()


@pytest.mark.parametrize("name", CONVENTIONS)
def test_a_convention_is_the_fields_that_it_stands_for(name: str) -> None:
    plain: dict[str, Any] = {"principal": "12000", "rateAnnual": "0.12", "instalments": 26, "startOn": "2026-01-15"}
    by_name, by_hand = asked({**plain, "convention": name}), asked({**plain, **CONVENTIONS[name].fields})
    assert isinstance(by_name, Asked)
    assert isinstance(by_hand, Asked)
    assert by_name.terms == by_hand.terms
