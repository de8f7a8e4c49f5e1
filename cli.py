"""The `zhudai` command: what there is, in one list.

Exit 0 done, 1 refused or found something, 2 wrong usage; errors are one sentence with a stable code on stderr.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import MappingProxyType
from typing import Final

import click
import typer
from typer.core import TyperGroup

from postgres.binaries import PostgresUnavailable

COMMANDS: Final = MappingProxyType(
    {
        "run": "commands.serve:run",
        "serve": "commands.serve:serve",
        "migrate": "commands.session:migrate",
        "demo": "commands.demo:demo",
        "trial-balance": "commands.books:trial_balance_command",
        "statement": "commands.books:statement",
        "export": "commands.proof:export",
        "seal": "commands.proof:seal",
        "verify": "commands.proof:verify",
    }
)
"""Where each command is written. Only the one that is asked for is loaded: the others' libraries take seconds."""


class Lazy(TyperGroup):
    """A group that loads a command when somebody names it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of the table."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, function = COMMANDS[cmd_name].partition(":")
        alone = typer.Typer(add_completion=False)
        alone.command(cmd_name)(getattr(import_module(module), function))
        return typer.main.get_command(alone)


app: Final = typer.Typer(cls=Lazy, no_args_is_help=True, add_completion=False, help=__doc__)


@app.callback()
def zhudai() -> None:
    """Say what there is."""


def main() -> None:
    """Run the command line."""
    try:
        app()
    except PostgresUnavailable as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
