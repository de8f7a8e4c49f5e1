"""`bench`: what the ledger costs and what it survives, on a server of its own, as ratios and counts."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final

import typer
from rich.table import Table

from benchmarks import lives, measures, schedules
from benchmarks.book import open_small_book
from benchmarks.chaos import chaos
from benchmarks.measures import FULL, Measure, Ratio, Size
from commands.printing import Json, err, out, print_json, refuse
from postgres import migrate
from postgres.database import Database
from postgres.embedded import start

CHAOS = "chaos"
MEASURES: Final[Mapping[str, Measure]] = MappingProxyType({**measures.MEASURES, **schedules.MEASURES, **lives.MEASURES})


def bench(
    names: Annotated[
        list[str] | None, typer.Argument(help=" | ".join((*MEASURES, CHAOS)) + "; none: all ratios")
    ] = None,
    *,
    lines: Annotated[int, typer.Option(help="Lines of the book that is read and verified.", min=1_000)] = 200_000,
    full: Annotated[
        bool, typer.Option("--full", help=f"Read {FULL.lines:,} lines and verify {FULL.verified:,}, as the goals say.")
    ] = False,
    seconds: Annotated[float, typer.Option(help="Of each side of each round.", min=0.1)] = 2.0,
    rounds: Annotated[int, typer.Option(help="Rounds of each measure, or kills of the chaos.", min=1)] = 5,
    as_json: Json = False,
) -> None:
    """性能与混沌. Example: zhudai bench posting; zhudai bench reading --full --json; zhudai bench chaos."""
    wanted = names or list(MEASURES)
    unknown = [name for name in wanted if name not in MEASURES and name != CHAOS]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]} is not one of {', '.join((*MEASURES, CHAOS))}")
    if as_json and CHAOS in wanted and len(wanted) > 1:
        raise typer.BadParameter(f"with --json {CHAOS} is asked by itself: its document is another one")
    if CHAOS in wanted:
        _chaos(rounds, as_json=as_json)
    measured = [name for name in wanted if name != CHAOS]
    if measured:
        read, verified = (FULL.lines, FULL.verified) if full else (lines, lines)
        _ratios(measured, Size(seconds=seconds, rounds=rounds, lines=read, verified=verified), as_json=as_json)


def _chaos(rounds: int, *, as_json: bool) -> None:
    with _home() as home, err.status("killing") as status:
        result = chaos(home, rounds=rounds, progress=lambda done, total: status.update(f"killed {done} of {total}"))
    if as_json:
        print_json(result.document())
    else:
        table = Table(title="chaos: kill -9 of servers and clients while they post", show_header=False)
        for name, value in result.document().items():
            table.add_row(name, str(value))
        out.print(table)
    if not result.is_sound:
        refuse("LEDGER_CHAOS", "something that was acknowledged is not as it should be")


def _ratios(names: list[str], size: Size, *, as_json: bool) -> None:
    found: list[Ratio] = []
    for name in names:
        with _home() as home, start(home / "server") as server, err.status(name):
            migrate.upgrade(server.url)
            database, owner = Database(server.url), Database(server.url, role=None)
            if name in measures.MEASURES:
                database.run(open_small_book)
            found.append(MEASURES[name](database, owner, size))
            database.dispose()
            owner.dispose()
    if as_json:
        print_json([one.document() for one in found])
        return
    table = Table(title="ratios inside one run")
    for column in ("measure", "ours", "peer", "unit", "ratio", "goal", "", "conditions"):
        table.add_column(column)
    for one in found:
        verdict = "[green]met[/green]" if one.is_met else "[red]not met[/red]"
        figures = (f"{one.ours:,.1f}", f"{one.peer:,.1f}", one.unit, f"{one.ratio:.2f}", f"{one.goal:.2f}")
        table.add_row(one.name, *figures, verdict, one.conditions)
    out.print(table)
    for one in found:
        if one.figures:
            out.print(f"{one.name}: " + ", ".join(f"{name} {value:,.1f}" for name, value in one.figures.items()))


@contextmanager
def _home() -> Iterator[Path]:
    """A directory that the server's account can reach, for as long as it is needed."""
    with tempfile.TemporaryDirectory(prefix="zb_") as home:
        Path(home).chmod(0o755)
        yield Path(home)
