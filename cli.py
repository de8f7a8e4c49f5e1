"""The `zhudai` command: what there is, in one list.

Exit 0 done, 1 refused or found something, 2 wrong usage; errors are one sentence with a stable code on stderr.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import wraps
from importlib import import_module
from inspect import Parameter, signature
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from postgres.binaries import PostgresUnavailable

COMMANDS: Final = MappingProxyType(
    {
        "run": "commands.serve:run",
        "serve": "commands.serve:serve",
        "migrate": "commands.session:migrate",
        "demo": "commands.demo:demo",
        "quote": "commands.quote:quote",
        "simulate": "commands.simulate:simulate",
        "close-day": "commands.day:close_day",
        "reconcile": "commands.day:reconcile",
        "trial-balance": "commands.books:trial_balance_command",
        "statement": "commands.books:statement",
        "export": "commands.journal:export",
        "seal": "commands.proof:seal",
        "verify": "commands.proof:verify",
        "rebuild": "commands.journal:rebuild",
        "bench": "commands.bench:bench",
        "decide": "commands.decide:decide",
        "risk train": "commands.risk:train",
        "risk score": "commands.risk:score",
        "risk card": "commands.risk:card",
        "message sign": "commands.message:sign",
        "message verify": "commands.message:verify",
        "message send": "commands.message:send",
        "schema": "commands.schema:schema",
    }
)
"""Where each command is written, a sub-command under two words. Only the one that is asked for is loaded: the others'
libraries take seconds."""

SERVING: Final = frozenset({"run", "serve"})
"""Commands that last until they are told to end; what they serve has traces of its own."""
REFUSED: Final = 1
"""Exit code of what was refused, or found something."""
WRONG_USAGE: Final = 2
"""Exit code of what was asked wrongly."""
INTERRUPTED: Final = 130
"""Exit code after Ctrl-C, as shells have it."""

SCHEMAS: Final = Path(__file__).parent / "commands" / "schemas"
"""What `--json` prints, command by command, as JSON Schema."""


def is_traced() -> bool:
    """Whether the environment names a collector of traces; only then what speaks to it is loaded."""
    return any(name.startswith("OTEL_EXPORTER_OTLP_") for name in os.environ)


def watched(name: str, function: Callable[..., None]) -> Callable[..., None]:
    """A command that a trace is made of while it works."""

    @wraps(function)
    def command(**arguments: object) -> None:
        with import_module("telemetry").watching()(f"zhudai {name}") as tell:
            try:
                function(**arguments)
            except typer.Exit as ended:
                tell(exit_code=ended.exit_code)
                raise

    return command


def documented(function: Callable[..., None], schema: Path) -> Callable[..., None]:
    """A command with one more option: `--schema` prints the published JSON Schema of what `--json` prints."""

    def show(asked: bool) -> None:
        if asked:
            sys.stdout.write(schema.read_text(encoding="utf-8"))
            raise typer.Exit

    @wraps(function)
    def command(*, schema: bool, **arguments: object) -> None:
        del schema
        function(**arguments)

    option = typer.Option("--schema", is_eager=True, callback=show, help="Print the schema of what is printed as JSON.")
    signed, wanted = signature(function), Annotated[bool, option]
    added = Parameter("schema", Parameter.KEYWORD_ONLY, default=False, annotation=wanted)
    command.__signature__ = signed.replace(parameters=[*signed.parameters.values(), added])  # type: ignore[attr-defined]  # what typer reads
    command.__annotations__ = {**function.__annotations__, "schema": wanted}
    return command


class Lazy(TyperGroup):
    """A group that loads a command when somebody names it."""

    def list_commands(self, ctx: object) -> list[str]:
        """Every command, in the order of the table."""
        del ctx
        return list(dict.fromkeys(name.partition(" ")[0] for name in COMMANDS))

    def get_command(self, ctx: object, cmd_name: str) -> TyperCommand | TyperGroup | None:
        """The command of that name, or the group of the commands that begin with it."""
        del ctx
        named = [name for name in COMMANDS if name.partition(" ")[0] == cmd_name]
        if not named:
            return None
        alone = typer.Typer(add_completion=False, no_args_is_help=True)
        for name in named:
            module, _, function = COMMANDS[name].partition(":")
            loaded = import_module(module)
            command, schema = getattr(loaded, function), SCHEMAS / f"{name.replace(' ', '-')}.json"
            if is_traced() and name not in SERVING:
                command = watched(name, command)
            alone.command(name.rpartition(" ")[2])(documented(command, schema) if schema.exists() else command)
            if name != cmd_name:
                alone.callback(help=loaded.__doc__)(zhudai)
        made = typer.main.get_command(alone)
        assert isinstance(made, TyperCommand | TyperGroup), "typer makes its own"
        return made


app: Final = typer.Typer(
    cls=Lazy, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__
)


@app.callback()
def zhudai() -> None:
    """Say what there is."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; ends with SystemExit: 0 done, 1 refused or found something, 2 wrong usage."""
    try:
        with import_module("telemetry").tracing() if is_traced() else nullcontext():
            ended = app(arguments, prog_name="zhudai", standalone_mode=False)
    except typer.Abort:
        ended = INTERRUPTED
    except TyperException as wrong:
        ended = _misused(wrong)
    except PostgresUnavailable as unavailable:
        sys.stderr.write(f"{unavailable}\n")
        ended = REFUSED
    except OSError as error:
        if error.filename is None:
            raise
        sys.stderr.write(f"USAGE_WRONG {error.filename}: {error.strerror}: name another place, see zhudai --help\n")
        ended = WRONG_USAGE
    raise SystemExit(ended)


def _misused(wrong: TyperException) -> int:
    """Say wrong usage in one sentence; a group without a command has shown its help already and says nothing."""
    said, context = wrong.format_message(), getattr(wrong, "ctx", None)
    if said:
        path = "zhudai" if context is None else context.command_path
        sys.stderr.write(f"USAGE_WRONG {said.rstrip('.')}: see {path} --help\n")
    return WRONG_USAGE


if __name__ == "__main__":
    main()
