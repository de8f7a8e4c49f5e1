"""What every command shares: two consoles, how a refusal is said, and how a value is read and written."""

import json
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer
from rich.console import Console
from rich.text import Text

PIPE_COLUMNS: Final = 200
"""Width of a table that nobody looks at on a terminal: nothing is cut."""

out: Final = Console(width=None if sys.stdout.isatty() else PIPE_COLUMNS)
"""Answers."""
err: Final = Console(stderr=True, width=None if sys.stderr.isatty() else PIPE_COLUMNS)
"""Everything else."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def refuse(code: str, sentence: str) -> NoReturn:
    """Say why not, in one sentence with a stable code, and end with 1."""
    say(code, sentence)
    raise typer.Exit(1)


def say(code: str, sentence: str) -> None:
    """One sentence with a stable code, on standard error; a line that is read by programs too is never wrapped."""
    told = Text.assemble((code, "bold red"), " ", sentence)
    err.print(told, highlight=False, soft_wrap=True)


def print_json(document: object) -> None:
    """Print a document as JSON, as it is."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def read_text(file: Path, name: str) -> str:
    """Read a file that a person names, or standard input for `-`; `name` is what the command line calls it."""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(str(error), param_hint=name) from None


def day(text: str) -> date:
    """Read a date like 2026-03-31."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date like 2026-03-31") from None


def amount(minor: int, digits: int) -> str:
    """Write an amount with thousands marks."""
    return f"{Decimal(minor).scaleb(-digits):,.{digits}f}"
