"""The demonstration's journal, lived in for its year, as three other programs and the verifier find it.

`make outside` takes the whole thousand applications (ZHUDAI_DEMO=whole); `make test` takes the first of them.
"""

import json
import os
from functools import partial
from pathlib import Path

import pytest

import server
from ledger.audit import audit
from ledger.books import chart
from ledger.export import FORMATS
from ledger.note import Signer
from ledger.seal import Sealed
from ledger.sequencer import drain
from ledger.statements import trial_balance
from ledger.verify import verify_export
from postgres.database import Database
from sandbox.client import BankClient
from seed import demo
from seed.chart import LENDER_BOOK, PLATFORM_BOOK
from tests.docs.desk import Desk
from tests.docs.page import answers, blocks
from tests.outside.bookkeepers import BOOKKEEPERS, ours
from tests.sandbox.process import KEY, BankProcess

ROOT = Path(__file__).resolve().parents[2]
BOOKS = (LENDER_BOOK, PLATFORM_BOOK)
APPLICATIONS = None if os.environ.get("ZHUDAI_DEMO") == "whole" else 40
SIGNER = Signer.from_seed("demo", b"\x07" * 32)


@pytest.fixture(scope="module")
def lived(module_db: Database, tmp_path_factory: pytest.TempPathFactory) -> Database:
    """A database in which the demonstration's year is over, every entry numbered and signed."""
    bank = BankProcess(tmp_path_factory.mktemp("bank"), hold_seconds=0.05)
    bank.start()
    try:
        with BankClient(bank.url, key=KEY, merchant="outside", timeout_seconds=5) as client:
            demo.load(module_db, bank=client, limit=APPLICATIONS)
    finally:
        bank.kill()
    for book in BOOKS:
        module_db.run(partial(drain, book=book))
    assert all(isinstance(one, Sealed) for one in server.seal_books(module_db, SIGNER).values())
    return module_db


@pytest.mark.parametrize("program", BOOKKEEPERS)
@pytest.mark.parametrize("book", BOOKS)
def test_the_program_reaches_our_trial_balance_to_the_fen(
    lived: Database, program: str, book: int, tmp_path: Path
) -> None:
    form, ask = BOOKKEEPERS[program]
    file = tmp_path / f"journal.{form}"
    with lived.snapshot() as conn:
        file.write_text("".join(FORMATS[form](conn, book=book)), encoding="utf-8")
        balance = trial_balance(conn, book=book)
        wanted = ours(balance, chart(conn, book))
    assert balance.balanced
    assert len(wanted) > 1, "a book in which nothing happened proves nothing"
    assert ask(file) == wanted


@pytest.mark.parametrize("book", BOOKS)
def test_the_verifier_finds_nothing_live_and_offline(lived: Database, book: int) -> None:
    with lived.snapshot() as conn:
        live = audit(conn, book=book, verifiers=[SIGNER.verifier])
        offline = verify_export(FORMATS["jsonl"](conn, book=book), verifiers=[SIGNER.verifier])
    assert live.is_sound, live.findings
    assert offline.is_sound, offline.findings
    assert live.root == offline.root
    assert live.entries == offline.entries > 0


def test_the_question_of_the_readme_has_the_answer_that_it_shows(lived: Database, tmp_path: Path) -> None:
    asked, shown = (
        block.body
        for block in blocks((ROOT / "README.md").read_text(encoding="utf-8"))
        if block.language in {"graphql", "json"}
    )
    desk = Desk(tmp_path, lived.url, {"DATABASE_URL": lived.url})
    assert answers(desk.ask(asked, "accountant"), json.loads(shown))
