"""A town to tell stories in: a fresh database, an office with scripted scores, a sandbox bank in its own process."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from postgres.database import Database
from sandbox.client import BankClient
from tests.journeys.town import Town, open_town
from tests.sandbox.process import KEY, BankProcess


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BankProcess]:
    one = BankProcess(tmp_path_factory.mktemp("bank"), hold_seconds=0.05)
    one.start()
    yield one
    one.kill()


@pytest.fixture
def town(db: Database, process: BankProcess) -> Iterator[Town]:
    """Each story is a merchant of its own at the bank, whose numbers begin anew with its database."""
    with BankClient(process.url, key=KEY, merchant=f"story-{uuid4().hex}", timeout_seconds=2) as bank:
        yield open_town(db, bank)
