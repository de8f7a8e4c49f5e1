"""Three bookkeeping programs that know nothing of this house, asked for the balances of an exported journal."""

import csv
import io
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pytest

from ledger.account import Account
from ledger.plain_text import NamedChart
from ledger.statements import TrialBalance

Balances = dict[str, Decimal]
"""Debit minus credit in the main unit by plain-text account name; accounts that net to nought are left out."""

_BEANCOUNT: Final = """
import sys
from beancount import loader
from beancount.core import data
entries, errors, _ = loader.load_file(sys.argv[1])
assert not errors, errors[:5]
sums = {}
for entry in data.filter_txns(entries):
    for posting in entry.postings:
        sums[posting.account] = sums.get(posting.account, 0) + posting.units.number
for name, total in sums.items():
    print(name, total, sep="\\t")
"""


def hledger(journal: Path) -> Balances:
    """Have hledger check accounts and commodities strictly, and sum."""
    needed("hledger")
    assert run("hledger", "-f", journal, "check", "accounts", "commodities") == ""
    rows = csv.DictReader(io.StringIO(run("hledger", "-f", journal, "balance", "--flat", "-N", "-O", "csv")))
    return {row["account"]: Decimal(row["balance"].replace("CNY", "").replace(",", "").strip()) for row in rows}


def ledger_cli(journal: Path) -> Balances:
    """Have ledger-cli read strictly, and sum."""
    needed("ledger")
    shape = "%(account)\t%(quantity(scrub(total)))\n"
    return _rows(
        run("ledger", "-f", journal, "--args-only", "--strict", "balance", "--flat", "--no-total", "--format", shape)
    )


def beancount(journal: Path) -> Balances:
    """Have beancount load without a complaint, and sum every posting."""
    return _rows(run(sys.executable, "-W", "ignore", "-c", _BEANCOUNT, journal))


BOOKKEEPERS: Final[Mapping[str, tuple[str, Callable[[Path], Balances]]]] = MappingProxyType(
    {"hledger": ("hledger", hledger), "ledger-cli": ("ledger", ledger_cli), "beancount": ("beancount", beancount)}
)
"""By program: the export that it reads, and how it is asked."""


def ours(balance: TrialBalance, accounts: Mapping[int, Account]) -> Balances:
    """A whole trial balance under the names that the exports give the accounts."""
    chart = NamedChart.of("", accounts)
    names = {accounts[number].code: name for number, name in chart.names.items()}
    nets = {row.account.code: row.turnover.closing_debit - row.turnover.closing_credit for row in balance.rows}
    leaves = {account.code for account in accounts.values() if account.postable}
    return {names[code]: Decimal(net).scaleb(-2) for code, net in nets.items() if net and code in leaves}


def run(*command: str | Path) -> str:
    """What a program prints; its complaint is the failure."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def needed(program: str) -> None:
    """Skip where a program is not installed; CI installs them all."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is installed by .ci/run")


def _rows(told: str) -> Balances:
    totals = {name: Decimal(total) for name, total in (row.split("\t") for row in told.splitlines())}
    return {name: total for name, total in totals.items() if total}
