"""The `zhudai` command: what there is, in one list.

Exit 0 done, 1 refused or found something, 2 wrong usage; errors are one sentence with a stable code on stderr.
"""

from typing import Final

import typer

from commands import books, demo, proof, serve
from commands.session import database, err
from postgres.binaries import PostgresUnavailable

app: Final = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)


@app.command()
def migrate() -> None:
    """Bring the schema up to date. Example: zhudai migrate."""
    with database():
        err.print("the schema is up to date")


app.command()(serve.run)
app.command()(serve.serve)
app.command()(demo.demo)
app.command("trial-balance")(books.trial_balance_command)
app.command()(books.statement)
app.command()(proof.export)
app.command()(proof.seal)
app.command()(proof.verify)


def main() -> None:
    """Run the command line."""
    try:
        app()
    except PostgresUnavailable as error:
        err.print(str(error))
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
