"""Refusals of terms speak each language whole: no English phrase inside a Chinese sentence, no code for a reason."""

import re
from pathlib import Path

import pytest

from domain.refusals import text
from domain.servicing.phrase import EXPECTED, REASONS, Phrase
from domain.servicing.refusal import PlanAmountInvalid, TermInvalid, TermsConflict
from ledger.money import AmountFault

SERVICING = Path(__file__).resolve().parents[3] / "domain" / "servicing"
SAID = sorted(
    {
        (path.name, re.sub(r"\{[^}]*\}", "7", found))
        for path in SERVICING.glob("*.py")
        for found in re.findall(r'(?:expected|other)\s*=\s*f?"([^"]+)"', path.read_text(encoding="utf-8"))
    }
)


@pytest.mark.parametrize(("file", "phrase"), SAID)
def test_every_phrase_that_is_said_is_said_in_chinese(file: str, phrase: str) -> None:
    is_code = re.fullmatch(r"[a-zA-Z.]+( (7|[A-Z_]+))*", phrase)
    assert is_code or format(Phrase(phrase), "zh") != phrase, file


def test_every_reason_has_a_sentence_in_each_language() -> None:
    assert set(AmountFault) <= set(REASONS)
    made = PlanAmountInvalid(field="principal", reason=AmountFault.SURPLUS_DECIMALS)
    assert text(made) == "金额无效: 小数位不超过币种的位数"
    assert text(made, "en") == "not an amount: it has no more decimals than its currency"


def test_a_phrase_keeps_its_numbers() -> None:
    made = TermInvalid(field="graceDays", name="graceDays", expected="a whole number from 0 to 366")
    assert text(made) == "字段 graceDays 应为: 0 至 366 的整数"
    assert text(made, "en") == "graceDays is a whole number from 0 to 366"
    assert text(TermsConflict(field="x", name="remapDay", other="no maxDay")) == "remapDay 与 未给 maxDay 不能并用"


def test_what_no_table_knows_is_left_as_it_is() -> None:
    assert format(Phrase("dueRule SAME_DAY"), "zh") == "dueRule SAME_DAY"
    assert len({pattern.pattern for pattern, _ in EXPECTED}) == len(EXPECTED)
