"""`seal` and `verify`: the signed heads of the journal, and the proof that it is what was signed."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

import server
from commands.printing import Json, out, print_json, refuse
from commands.session import catch_up, chosen_settings, database
from ledger import verify as offline
from ledger.audit import audit
from ledger.books import books
from ledger.note import NoteInvalid, Verifier
from ledger.seal import Sealed
from ledger.verify import Verification, verify_export
from postgres.database import Database


def seal(
    *,
    notes: Annotated[
        Path | None, typer.Option(help="Directory for the signed notes and the public key: keep it elsewhere.")
    ] = None,
    as_json: Json = False,
) -> None:
    """签发检查点: sign what every book's journal is now. Example: zhudai seal --notes elsewhere."""
    chosen = chosen_settings()
    signer = server.signer(chosen)
    with database() as db:
        for book in _numbers(db):
            catch_up(db, book)
        done = server.seal_books(db, signer)
    if notes is not None:
        notes.mkdir(parents=True, exist_ok=True)
        (notes / "zhudai.pub").write_text(signer.verifier.text() + "\n", encoding="utf-8")
    rows = []
    for book, made in done.items():
        if not isinstance(made, Sealed):
            refuse("LEDGER_ENTRY_MISSING", f"book {book}: entry number {made.seq} is not in the journal: zhudai verify")
        if notes is not None:
            server.keep_note(notes, book, made)
        rows.append(
            {"book": book, "entries": made.size, "added": made.leaves, "root": made.root.hex(), "note": made.note}
        )
    if as_json:
        print_json({"key": signer.verifier.text(), "books": rows})
        return
    table = Table(title=f"检查点 signed by {signer.verifier.text()}")
    for name in ("book", "entries", "new", "root"):
        table.add_column(name, justify="left" if name == "root" else "right")
    for row in rows:
        table.add_row(*(str(row[name]) for name in ("book", "entries", "added", "root")))
    out.print(table)


def verify(
    export_file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A sealed export; absent: the live database.")
    ] = None,
    *,
    checkpoint: Annotated[list[Path] | None, typer.Option(help="A signed note that was kept elsewhere.")] = None,
    pub: Annotated[list[Path] | None, typer.Option(help="File with a public key, one line.")] = None,
    book: Annotated[int | None, typer.Option(help="Only this book of the live database.")] = None,
    as_json: Json = False,
) -> None:
    """验证: prove that nothing sealed was changed.

    Example: zhudai verify journal.jsonl --checkpoint elsewhere/book-1-42.note --pub elsewhere/zhudai.pub.
    """
    try:
        notes = [path.read_text(encoding="utf-8") for path in checkpoint or ()]
        verifiers = [Verifier.parse(path.read_text(encoding="utf-8")) for path in pub or ()]
    except (OSError, UnicodeDecodeError, NoteInvalid) as error:
        raise typer.BadParameter(str(error)) from None
    results = _live(book, notes, verifiers) if export_file is None else [_offline(export_file, notes, verifiers)]
    if as_json:
        print_json([offline.document(result) for result in results])
    else:
        for result in results:
            sys.stdout.write(offline.told(result, as_json=False))
    if not all(result.is_sound for result in results):
        refuse(
            "LEDGER_VERIFY_FAILED", "something is not as it was sealed: stop posting, keep the disk, call the auditor"
        )


def _live(book: int | None, notes: Sequence[str], verifiers: Sequence[Verifier]) -> list[Verification]:
    """Every book of the live database, or one; a note counts for the book that it names."""
    chosen = chosen_settings()
    keys = verifiers or [server.signer(chosen).verifier]
    with database() as db:
        for number in _numbers(db) if book is None else [book]:
            catch_up(db, number)
        with db.snapshot() as conn:
            return [
                audit(
                    conn,
                    book=number,
                    notes=[note for note in notes if note.partition("\n")[0].endswith(f"/book/{number}")],
                    verifiers=keys,
                    mac_key=chosen.keys.journal,
                )
                for number in (_numbers(db) if book is None else [book])
            ]


def _offline(path: Path, notes: Sequence[str], verifiers: Sequence[Verifier]) -> Verification:
    try:
        with path.open(encoding="utf-8") as rows:
            return verify_export(rows, notes=notes, verifiers=verifiers)
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(str(error)) from None


def _numbers(db: Database) -> list[int]:
    return [one.book_id for one in db.run(books)]
