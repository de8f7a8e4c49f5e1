"""An office that may be asked anything: one for a test that writes, one for all tests of a file that only read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.graphql_api.asking import Asking, opened
from tests.graphql_api.lived import Lived, lived_in

if TYPE_CHECKING:
    from postgres.database import Database


@pytest.fixture
def asking(db: Database) -> Asking:
    """An office of its own."""
    return opened(db)


@pytest.fixture(scope="session")
def lived(session_db: Database) -> Lived:
    """An office that has lived, for everything that only reads."""
    return lived_in(session_db)
