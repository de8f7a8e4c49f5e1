"""A sheet says the same on a terminal, in CSV and in a workbook, to the fen, and a formula stays a text."""

import csv
import io
import re
import zipfile
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import typer
from rich.console import Console

from commands.sheet import Cell, Column, Sheet, csv_rows, one_form, table, write_xlsx
from ledger.money import Money

SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
EXACT = 99_999_999_999_999_9
LONG = EXACT * 10 + 1


def sheet(*cells: Cell) -> Sheet:
    return Sheet(
        title="表",
        facts={"book": "1"},
        columns=(
            Column(name="what", heading="科目 what"),
            Column(name="figure", heading="借方 figure", is_figure=True),
        ),
        rows=tuple(("x", cell) for cell in cells),
        last=("合计", Money(-5, "CNY")),
    )


def cells(path: Path) -> dict[str, tuple[str, str]]:
    """Every cell of a workbook: (kind of cell, what it holds)."""
    with zipfile.ZipFile(path) as book:
        texts = ["".join(one.itertext()) for one in ET.fromstring(book.read("xl/sharedStrings.xml"))]  # noqa: S314 - ours
        page = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314 - ours
        assert not page.findall(f".//{SPACE}f"), "there is a formula"
    found = {}
    for one in page.iter(f"{SPACE}c"):
        value = one.findtext(f"{SPACE}v") or ""
        kind = one.get("t", "n")
        found[one.get("r", "")] = (kind, texts[int(value)] if kind == "s" else value)
    return found


@pytest.mark.parametrize("minor", [0, 1, -1, 10, 1_234_567_89, EXACT, -EXACT, LONG, -LONG])
def test_an_amount_is_the_same_in_every_form(minor: int, tmp_path: Path) -> None:
    money = Money(minor, "CNY")
    made = sheet(money)
    assert list(csv.reader(io.StringIO("".join(csv_rows(made)))))[1] == ["x", str(money)]
    write_xlsx(made, tmp_path / "a.xlsx")
    kind, held = cells(tmp_path / "a.xlsx")["B5"]
    assert kind == ("s" if abs(minor) > EXACT else "n")
    assert Money.parse(held, "CNY") == money if kind == "s" else round(float(held) * 100) == minor
    shown = Console(width=100, file=io.StringIO())
    shown.print(table(made))
    assert f"{money.decimal:,.2f}" in shown.file.getvalue()  # type: ignore[attr-defined]  # the StringIO above


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "=HYPERLINK(1)", "http://x", "007", "{=1}"])
def test_a_text_stays_a_text(text: str, tmp_path: Path) -> None:
    write_xlsx(sheet(text), tmp_path / "a.xlsx")
    assert cells(tmp_path / "a.xlsx")["B5"] == ("s", text)
    assert f"x,{text}\r\n" in "".join(csv_rows(sheet(text)))


def test_a_workbook_has_title_facts_headings_rows_and_the_last_row(tmp_path: Path) -> None:
    write_xlsx(sheet(date(2025, 1, 31), None, 7), tmp_path / "a.xlsx")
    found = cells(tmp_path / "a.xlsx")
    assert [found[place][1] for place in ("A1", "A2", "B2", "A4", "B4")] == [
        "表",
        "book",
        "1",
        "科目 what",
        "借方 figure",
    ]
    assert found["B5"] == ("n", str((date(2025, 1, 31) - date(1899, 12, 30)).days))
    assert "B6" not in found
    assert (found["B7"], found["A8"], found["B8"]) == (("s", "7"), ("s", "合计"), ("n", "-0.05"))


def test_the_same_sheet_is_the_same_bytes(tmp_path: Path) -> None:
    for name in "ab":
        write_xlsx(sheet(Money(1, "CNY"), "x"), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_nought_is_hidden_only_where_a_column_says_so() -> None:
    hides = Column(name="figure", heading="借方 figure", is_figure=True, hides_zero=True)
    for column, told in ((hides, False), (Column(name="figure", heading="借方 figure"), True)):
        made = Sheet(title="表", facts={}, columns=(column,), rows=((Money(0, "CNY"),),), last=(None,))
        shown = Console(width=60, file=io.StringIO())
        shown.print(table(made))
        assert bool(re.search(r"0\.00", shown.file.getvalue())) is told  # type: ignore[attr-defined]  # as above
        assert "0.00" in "".join(csv_rows(made))


def test_an_answer_has_one_form() -> None:
    one_form("json", "", None)
    with pytest.raises(typer.BadParameter):
        one_form("json", "", Path("x"))


def test_a_place_that_cannot_be_written_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter):
        write_xlsx(sheet(), tmp_path / "nowhere" / "a.xlsx")
