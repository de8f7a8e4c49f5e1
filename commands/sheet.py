"""A sheet: what a report says, once, for a terminal, a CSV file and a spreadsheet.

Amounts are exact in all three. A spreadsheet keeps numbers of fifteen digits; an amount that is longer goes there as
text, and a text that looks like a formula stays a text.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Final

import typer
import xlsxwriter
from rich.table import Table

from commands.printing import amount, err
from ledger.money import Money, minor_digits

Cell = str | int | date | Money | None

DIGITS_EXACT: Final = 15
"""Decimal digits that a spreadsheet's numbers keep."""
TEXT: Final = "@"
DAY: Final = "yyyy-mm-dd"
WRITTEN_AT: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook's clock has no zone
"""Every workbook says that it was made then: the same question gives the same bytes."""

Csv = Annotated[bool, typer.Option("--csv", help="Print CSV: the whole range, amounts as decimals, texts as they are.")]
Xlsx = Annotated[
    Path | None, typer.Option("--xlsx", metavar="FILE", help="Write a workbook: the whole range, no formulas.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: `name` in files, `heading` for people."""

    name: str
    heading: str
    """Chinese, then English."""
    is_figure: bool = False
    hides_zero: bool = False
    """Leave nought out where people read; files say it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table with a title, the facts that it rests on, and a last row that sums it up."""

    title: str
    facts: Mapping[str, str]
    """What was asked: book, currency, dates."""
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    last: tuple[Cell, ...]


def one_form(*forms: object) -> None:
    """Refuse to give an answer in two forms at once."""
    if sum(bool(form) for form in forms) > 1:
        raise typer.BadParameter("say one of --json, --csv and --xlsx", param_hint="--xlsx")


def table(sheet: Sheet) -> Table:
    """The sheet for a terminal."""
    shown = Table(title=" ".join((sheet.title, *(f"{name} {value}" for name, value in sheet.facts.items()))))
    for column in sheet.columns:
        shown.add_column(column.heading.replace(" ", "\n", 1), justify="right" if column.is_figure else "left")
    for row in sheet.rows:
        shown.add_row(*map(_for_people, row, sheet.columns))
    shown.add_section()
    shown.add_row(*map(_for_people, sheet.last, sheet.columns))
    return shown


def csv_rows(sheet: Sheet) -> Iterator[str]:
    """The sheet as CSV (RFC 4180), a line at a time; the last row is left to the reader's own sum."""
    for row in (tuple(column.name for column in sheet.columns), *sheet.rows):
        line = io.StringIO()
        csv.writer(line).writerow("" if cell is None else str(cell) for cell in row)
        yield line.getvalue()


def write_xlsx(sheet: Sheet, path: Path) -> None:
    """Write the sheet as a workbook, and say so."""
    try:
        with path.open("wb") as file, xlsxwriter.Workbook(file, {"in_memory": True}) as book:
            book.set_properties({"title": sheet.title, "created": WRITTEN_AT})
            _fill(book, sheet)
    except OSError as error:
        raise typer.BadParameter(str(error), param_hint="--xlsx") from None
    err.print(f"written: {path}", highlight=False, markup=False)


def _fill(book: xlsxwriter.Workbook, sheet: Sheet) -> None:
    page = book.add_worksheet(sheet.title)
    page.write_string(0, 0, sheet.title, book.add_format({"bold": True}))
    for line, (name, value) in enumerate(sheet.facts.items(), start=1):
        page.write_string(line, 0, name)
        page.write_string(line, 1, value)
    head = len(sheet.facts) + 2
    for at, column in enumerate(sheet.columns):
        page.write_string(head, at, column.heading, book.add_format({"bold": True, "bottom": 1}))
    _fill_rows(book, page, sheet.rows, first=head + 1, look={})
    _fill_rows(book, page, [sheet.last], first=head + 1 + len(sheet.rows), look={"bold": True, "top": 1})
    page.freeze_panes(head + 1, 0)
    page.autofit()


def _fill_rows(
    book: xlsxwriter.Workbook,
    page: xlsxwriter.worksheet.Worksheet,
    rows: Sequence[tuple[Cell, ...]],
    *,
    first: int,
    look: Mapping[str, object],
) -> None:
    forms = {shape: book.add_format({**look, "num_format": shape}) for shape in (TEXT, DAY, *map(_shape, range(5)))}
    for line, row in enumerate(rows, start=first):
        for at, cell in enumerate(row):
            if isinstance(cell, Money) and len(str(abs(cell.minor))) <= DIGITS_EXACT:
                digits = minor_digits(cell.currency)
                page.write_number(line, at, Fraction(cell.minor, 10**digits), forms[_shape(digits)])
            elif isinstance(cell, date):
                page.write_datetime(line, at, datetime.combine(cell, time()), forms[DAY])
            elif cell is not None:
                page.write_string(line, at, str(cell), forms[TEXT])


def _shape(digits: int) -> str:
    """How a spreadsheet shows an amount with so many decimals."""
    return f"#,##0.{'0' * digits}" if digits else "#,##0"


def _for_people(cell: Cell, column: Column) -> str:
    if isinstance(cell, Money):
        return "" if column.hides_zero and not cell else amount(cell.minor, minor_digits(cell.currency))
    return "" if cell is None else str(cell)
