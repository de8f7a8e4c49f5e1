"""Which test holds which law: the marks `law(n, ...)` read from the sources, and the table written from them.

Nothing is run or imported: the sources are parsed. `python -m tests.laws.table > docs/reference/laws.md` writes the
table anew; `test_table` fails while the file differs or a law has no test.
"""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
DOCUMENT: Final = ROOT / "docs" / "reference" / "laws.md"

CHAPTERS: Final = (
    (1, "Entries"),
    (14, "The book"),
    (21, "The log and the totals folded from it"),
    (31, "Months"),
    (35, "Proofs"),
    (39, "Rules, money, servicing"),
    (44, "Isolation"),
    (48, "Lives of loans"),
)
"""First law of each chapter."""

LAWS: Final[Mapping[int, str]] = {
    1: "An entry's debits equal its credits in each of its currencies.",
    2: "An entry has exactly the lines it announces, numbered from 1; none is ever added or missing.",
    3: "An entry has two lines or more, each of an amount above zero.",
    4: "A line carries the currency of its account.",
    5: "Only leaf accounts are posted to.",
    6: "An entry stands in the month of its accounting date.",
    7: "A line carries every dimension that its account requires.",
    8: "An account takes lines only between its opening and its closing date.",
    9: "A reversal inverts its entry line for line, happens at most once, and is never reversed itself.",
    10: "An entry and its reversal net to zero per account and dimensions, and both count in the gross turnover.",
    11: "The same key with the same body is one entry, however often and from however many sessions it is sent.",
    12: "The same key with another body is a conflict and writes nothing.",
    13: "A refused post leaves every table of the ledger as it was, byte for byte.",
    14: "All lines of a book sum to zero per currency.",
    15: "The trial balance balances on every date, as known at every number of the log.",
    16: "Assets, costs and expenses equal liabilities, equity and income; memo accounts balance among themselves.",
    17: "A group account's balance is the sum of its children's.",
    18: "The subjects of a control account sum to that account.",
    19: "A guard equals the lines of its account and subject, and is never below zero.",
    20: "The balance of now counts every committed line once, whatever the sequencer does or suffers.",
    21: "The log is numbered 1 to N without a gap.",
    22: "Every entry is either in the log or waiting for it: in one of them, once.",
    23: "What was committed before another session began comes before it in the log.",
    24: "A statement gives each line of its account once, in order, and each balance is the one before plus the line.",
    25: "The folded day totals sum to the lines.",
    26: "A balance pinned to a number of the log never changes.",
    27: "The balance of all dates at the head of the log is the running total of the account.",
    28: "A backdated entry changes only balances of its date and later, only as known at its number and later.",
    29: "The pages of a statement join to one statement, opening plus lines is closing, while others write.",
    30: "Every derived table can be computed again from entries, lines and log, row for row.",
    31: "No entry of a closed month gets a number above the month's last.",
    32: "The closing balance of a sealed month, computed at any later time, is the one that was sealed.",
    33: "Months close in order, and a closed month stays closed.",
    34: "A month opens with what the month before closed with.",
    35: "Every proof of inclusion verifies; with any bit, place or size changed it does not.",
    36: "Every earlier tree is proved to be the beginning of every later one, and no other tree is.",
    37: "Any change to any column of a sealed row is reported with the entry it belongs to.",
    38: "The canonical encoding is injective and fixed by golden vectors; an imported export has the same content.",
    39: "Every posting rule that is accepted balances for all amounts.",
    40: "The shares of an amount sum to it, keep its sign, and are the same every time, ties included.",
    41: "An entry of two currencies balances in each; a rule posts to the accounts it declares and to no other.",
    42: "A repayment is allocated to the last minor unit, nothing falls below zero, and the order is kept.",
    43: "Interest accrued over a span is the sum of its parts, wherever it is cut.",
    44: "No role can change, delete or forge what the ledger has written; each may do only its own task.",
    45: "A party sees its own lines and nobody else's; without a party or book named it is refused.",
    46: "Nothing of one book can be seen or named from another.",
    47: "Sessions killed at any moment leave a book in which all these laws hold.",
    48: "Whatever happens to a loan, its plan asks for the principal that was funded, and nothing is below nought.",
    49: "The parts of a payment and its excess sum to it.",
    50: "What rounding leaves in one instalment of a level plan stays within the tolerance.",
    51: "A life taken through days one by one is the life taken through them at once: what accrues adds up.",
    52: "Facts that arrive in any order make the life that their value dates and numbers say.",
    53: "A reversal undoes its fact exactly, in the position and in every account.",
    54: "What the facts of a loan say is what the journal holds, bucket by bucket.",
    55: "Who pays what settles a loan owes nothing, and no account of the loan stays open in any book.",
    56: "What a history books balances in every book, and what passes between books clears.",
    57: "The shares of the funders of every component of every instalment and payment sum to the whole.",
    58: "What is shown before is what is booked.",
    59: "News about a closed month changes no byte of it, and today's position is as if they had come in time.",
    60: "Every event of servicing has its rule in each book that it concerns, on accounts of that book's chart.",
}
"""The laws in one sentence each."""


def marked(source: str, path: str) -> Iterator[tuple[int, str]]:
    """Pairs of a law and the test that holds it, `path::name`, from a test module's source."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            numbers = [number for mark in node.decorator_list for number in _numbers(mark)]
            assert not numbers or node.name.lower().startswith("test"), f"{path}: {node.name} is no test"
            yield from ((number, f"{path}::{node.name}") for number in numbers)
        elif isinstance(node, ast.Assign) and any(
            isinstance(t, ast.Name) and t.id == "pytestmark" for t in node.targets
        ):
            yield from ((number, path) for each in ast.walk(node.value) for number in _numbers(each))


def _numbers(mark: ast.AST) -> Iterator[int]:
    if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.law":
        for argument in mark.args:
            number = ast.literal_eval(argument)
            assert type(number) is int, f"not the number of a law: {ast.unparse(mark)}"
            yield number


def by_law() -> dict[int, list[str]]:
    """All marks under `tests/`, by law, in the order of their paths."""
    found: dict[int, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        source = path.read_text(encoding="utf-8")
        if "mark.law(" in source:
            for number, test in marked(source, path.relative_to(ROOT).as_posix()):
                found.setdefault(number, []).append(test)
    return found


def document(tests: Mapping[int, list[str]]) -> str:
    """The table as Markdown."""
    chapters = dict(CHAPTERS)
    rows = [
        "# The laws of the ledger and of its loans, and the tests that hold them",
        "",
        "Written by `python -m tests.laws.table > docs/reference/laws.md` from the marks `@pytest.mark.law(n)` of",
        "the tests; a test fails while this file differs from them, or while a law has no test.",
    ]
    for number, law in LAWS.items():
        if number in chapters:
            rows += ["", f"## {chapters[number]}", "", "| no. | law | tests |", "| --: | --- | --- |"]
        rows.append(f"| {number} | {law} | {'<br>'.join(f'`{test}`' for test in tests.get(number, []))} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document(by_law()))
