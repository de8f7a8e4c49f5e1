"""One sandbox bank per module."""

from collections.abc import Iterator

import pytest

from tests.sandbox.process import BankProcess


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BankProcess]:
    process = BankProcess(tmp_path_factory.mktemp("bank"))
    process.start()
    yield process
    process.kill()
