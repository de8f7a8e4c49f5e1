"""`export` and `rebuild`: the journal as other programs read it, and the totals that are made of it."""

import hashlib
import sys
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import text

from commands.printing import Json, err, out, print_json, refuse
from commands.session import BookId, catch_up, database, known
from ledger import sequencer
from ledger.export import FORMATS, sealed
from postgres.database import Database

Format = StrEnum("Format", {name: name for name in FORMATS})  # type: ignore[misc]  # the ledger knows its formats
"""Names of the exports."""


def export(
    form: Annotated[Format, typer.Argument(metavar="FORMAT", help=" | ".join(FORMATS))],
    *,
    book: BookId = 1,
    output: Annotated[Path | None, typer.Option(help="A file; absent: standard output.")] = None,
    without_meta: Annotated[bool, typer.Option(help="Withhold free facts; their digests stay (jsonl only).")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Say as JSON what was written to the file.")] = False,
) -> None:
    """导出日记账. Example: zhudai export hledger --book 1 | hledger -f - balance."""
    if without_meta and form != "jsonl":
        raise typer.BadParameter("only jsonl has facts to withhold", param_hint="--without-meta")
    if as_json and output is None:
        raise typer.BadParameter("standard output holds the export itself: name a file", param_hint="--output")
    with database() as db:
        catch_up(db, book)
        # newlines are the format's own (CSV ends its rows with CR LF), so that every machine writes the same bytes
        sink = output.open("w", encoding="utf-8", newline="") if output else nullcontext(sys.stdout)
        digest, size = hashlib.sha256(), 0
        with db.snapshot() as conn, sink as file:
            entries = sequencer.head(conn, book)
            rows = sealed(conn, book=book, without_meta=True) if without_meta else FORMATS[form](conn, book=book)
            for row in rows:
                file.write(row)
                digest.update(raw := row.encode())
                size += len(raw)
    if as_json:
        print_json({"format": form, "book": book, "entries": entries, "bytes": size, "sha256": digest.hexdigest()})


def rebuild(
    *,
    book: BookId = 1,
    check: Annotated[bool, typer.Option("--check", help="Only say what differs, and leave it.")] = False,
    as_json: Json = False,
) -> None:
    """重建派生表: make totals and guards anew from the journal. Example: zhudai rebuild --book 1 --check."""
    with database() as db:
        known(db, book)
        owner = Database(db.url, role=None)
        try:
            with owner.engine.connect() as conn, conn.begin() as transaction:
                conn.execute(text("SELECT set_config('ledger.books', '*', true)"))
                found = sequencer.rebuild(conn, book)
                if check:
                    transaction.rollback()
        finally:
            owner.dispose()
    if as_json:
        differences = [{"table": one.table, "account": one.account_id, "detail": one.detail} for one in found]
        print_json({"book": book, "madeAnew": bool(found) and not check, "differences": differences})
    else:
        for one in found:
            out.print(f"{one.table} {one.account_id or ''} {one.detail}")
        err.print("nothing differs" if not found else f"{len(found)} {'differ' if check else 'made anew'}")
    if found and check:
        refuse("LEDGER_DERIVED_DIFFERS", "the totals are not what the lines say: zhudai rebuild makes them anew")
