import pytest
from sqlalchemy import Connection

from tests.domain.servicing.world import World, opened


@pytest.fixture
def world(conn: Connection) -> World:
    return opened(conn)
