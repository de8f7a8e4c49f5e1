"""The demonstration's journal, lived in for its year, as three other programs and the verifier find it.

`make outside` takes the whole thousand applications (ZHUDAI_DEMO=whole); `make test` takes the first of them.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import server
import settings
from ledger.audit import audit
from ledger.books import chart
from ledger.export import FORMATS
from ledger.note import Verifier
from ledger.statements import trial_balance
from ledger.verify import verify_export
from postgres.database import Database
from seed.chart import LENDER_BOOK, PLATFORM_BOOK
from tests.demonstration import World
from tests.docs.desk import Desk
from tests.docs.page import answers, blocks
from tests.outside.bookkeepers import BOOKKEEPERS, ours

ROOT = Path(__file__).resolve().parents[2]
BOOKS = (LENDER_BOOK, PLATFORM_BOOK)


@pytest.fixture(scope="module")
def lived(year: World) -> Iterator[Database]:
    """A database in which the demonstration's year is over, every entry numbered and signed."""
    database = Database(year.url)
    yield database
    database.dispose()


@pytest.fixture(scope="module")
def verifier(year: World) -> Verifier:
    """Whoever knows the public key of the house that signed."""
    return server.signer(settings.read({"DATABASE_URL": year.url}, data=year.home / ".data")).verifier


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
def test_the_verifier_finds_nothing_live_and_offline(lived: Database, verifier: Verifier, book: int) -> None:
    with lived.snapshot() as conn:
        live = audit(conn, book=book, verifiers=[verifier])
        offline = verify_export(FORMATS["jsonl"](conn, book=book), verifiers=[verifier])
    assert live.is_sound, live.findings
    assert offline.is_sound, offline.findings
    assert live.root == offline.root
    assert live.entries == offline.entries > 0
    assert live.checkpoints > 0


def test_the_question_of_the_readme_has_the_answer_that_it_shows(year: World, tmp_path: Path) -> None:
    asked, shown = (
        block.body
        for block in blocks((ROOT / "README.md").read_text(encoding="utf-8"))
        if block.language in {"graphql", "json"}
    )
    desk = Desk(tmp_path, year.url, {"DATABASE_URL": year.url})
    assert answers(desk.ask(asked, "accountant"), json.loads(shown))
