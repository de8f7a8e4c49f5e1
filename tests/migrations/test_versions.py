"""The line of revisions: each follows the one before, opens its readable .sql file with its purpose, and is linted."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from postgres.migrate import SCRIPTS

VERSIONS = SCRIPTS / "versions"
FILES = sorted(VERSIONS.glob("*.sql"))
OPT_OUTS = {
    "require-concurrent-index-creation": "the tables are made in the same transaction; nobody else sees them yet",
    "prefer-robust-stmts": "the whole upgrade is one transaction, so nothing is ever run half",
    "require-timeout-settings": "the migrating connection sets its own limits",
    "prefer-identity": "identity is used; the rule also fires on plain bigint keys that the application makes",
    "prefer-bigint-over-int": "small numbers (a term, a day, a version) are small on purpose",
    "prefer-bigint-over-smallint": "same",
    "ban-char-field": "char(3) is the currency code, exactly three letters by CHECK",
    "require-enum-value-ordering": "no enum types are used",
}


def test_no_number_is_given_twice_and_each_revision_has_both_files() -> None:
    assert len({path.name[:4] for path in FILES}) == len(FILES)
    assert [path.stem for path in FILES] == [path.stem for path in sorted(VERSIONS.glob("[0-9]*.py"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_revision_follows_the_one_before_and_only_executes_its_file(path: Path) -> None:
    source = path.with_suffix(".py").read_text(encoding="utf-8")
    assert re.search(rf'^revision(: str)? = "{path.name[:4]}"$', source, re.MULTILINE)
    before = "None" if path == FILES[0] else f'"{FILES[FILES.index(path) - 1].name[:4]}"'
    assert re.search(rf"^down_revision(: .*)? = {before}$", source, re.MULTILINE)
    assert "execute_sql_beside(__file__)" in source
    assert "def downgrade" not in source, "forward only: a mistake is mended by the next revision"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_opens_with_its_purpose(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert re.match(r"-- .{20,}", first)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_file_commits_grants_all_or_names_a_later_release(path: Path) -> None:
    sql = re.sub(r"--.*", "", path.read_text(encoding="utf-8"))
    forbidden = re.findall(
        r"^\s*(?:COMMIT|ROLLBACK|BEGIN)\s*;|GRANT ALL|uuidv7\(|CREATE EXTENSION|TO PUBLIC",
        sql,
        re.IGNORECASE | re.MULTILINE,
    )
    assert forbidden == []


def test_nothing_is_asked_of_an_extension(owner_conn: Connection) -> None:
    """What a server must bring along is PostgreSQL alone: hashes are built in, keys and secrets are made in Python."""
    installed = owner_conn.scalars(text("SELECT extname FROM pg_extension")).all()
    assert installed == ["plpgsql"]
    wanted = re.compile(
        r"pgcrypto|uuid-ossp|uuid_generate_v|gen_random_bytes|gen_salt|pgp_sym|pgp_pub|armor\(", re.IGNORECASE
    )
    sources = [*FILES, *(path for top in SOURCES for path in sorted((SCRIPTS.parent / top).rglob("*.py")))]
    assert len(sources) > len(FILES)
    assert [str(path) for path in sources if wanted.search(path.read_text(encoding="utf-8"))] == []


SOURCES = ("ledger", "domain", "risk", "graphql_api", "postgres", "seed", "benchmarks", "commands")


def test_squawk_finds_nothing_beside_the_opt_outs() -> None:
    squawk = Path(sys.executable).with_name("squawk")
    said = subprocess.run(
        [str(squawk), "--assume-in-transaction", "--pg-version=15", f"--exclude={','.join(OPT_OUTS)}", "--reporter=gcc",
         *map(str, FILES)],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stdout
