"""Settings and keys, read once from the environment: frozen values, handed down; nothing below reads the environment.

    DATABASE_URL         absent: the embedded PostgreSQL under ./.data/
    ZHUDAI_HOST, ZHUDAI_PORT        127.0.0.1 and 8000
    ZHUDAI_TIMEZONE      Asia/Shanghai: which business day an instant belongs to, and what log lines for people show
    ZHUDAI_LOG           text, or json
    ZHUDAI_SECRETS_FILE  a JSON object of keys in hexadecimal, readable by its owner only; or each of them as
    ZHUDAI_KEY_…         TOKEN, CURSOR, JOURNAL, SEAL, VAULT (the master key), INDEX (blind indexes), BANK
    ZHUDAI_VAULT_KEY_ID  name of the master key
    ZHUDAI_BANK_URL      the bank's gateway
    ZHUDAI_ANCHOR        a directory that the database's keeper cannot write: signed checkpoints go there, and the
                         server refuses to start on a database that does not continue them
    ZHUDAI_MODEL         name of the model in the registry whose champion scores
    ZHUDAI_COLLECTORS    names of the collectors on duty, with commas: who is given the cases that the close of a date
                         opens; absent: the cases wait for people, and in development the log-in collector-1 has them

Without any key, development keys are made once beside the embedded database, and the server binds to loopback only.
"""

from __future__ import annotations

import ipaddress
import json
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.calendar import SHANGHAI
from domain.party.vault import Vault
from ledger.journal import DEVELOPMENT_MAC_KEY
from seed.keys import development_vault

DATA: Final = Path(".data")
"""Where the embedded PostgreSQL and the development keys live."""
KEY_BYTES: Final = 32
DEVELOPMENT_COLLECTOR: Final = "collector-1"
"""The collector's log-in on a machine of one's own."""


class SettingsInvalid(Exception):
    """The environment does not make sense; the message says which name and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Secrets of the server, 32 bytes each."""

    token: bytes = field(repr=False)
    """Signs the tokens of viewers."""
    cursor: bytes = field(repr=False)
    """Signs page cursors."""
    journal: bytes = field(repr=False)
    """Keys the code on each journal entry."""
    seal: bytes = field(repr=False)
    """Ed25519 seed that signs checkpoints."""
    vault: bytes = field(repr=False)
    """Master key that wraps the key of each person."""
    index: bytes = field(repr=False)
    """Keys the blind indexes."""
    bank: bytes = field(repr=False)
    """Shared with the bank's gateway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that an operator may choose."""

    database_url: str | None
    host: str
    port: int
    zone: ZoneInfo
    """Time zone of the books."""
    log_json: bool
    keys: Keys
    vault_key_id: str
    bank_url: str | None
    anchor: Path | None
    """Where signed checkpoints are kept, out of reach of whoever keeps the database."""
    model: str
    collectors: tuple[str, ...]
    """Who is given the cases that the close of a date opens."""
    development: bool
    """Whether the keys are development keys, which everybody may know."""

    @property
    def bank_key(self) -> bytes:
        """The key shared with the bank, as the text that an environment can hold."""
        return self.keys.bank.hex().encode()

    @property
    def vault(self) -> Vault:
        """The vault that the keys open."""
        if self.development:
            return development_vault()
        return Vault(
            master_keys={self.vault_key_id: self.keys.vault},
            active_key_id=self.vault_key_id,
            index_key=self.keys.index,
            entropy=secrets.token_bytes,
        )


def read(environ: Mapping[str, str] = os.environ, *, data: Path = DATA) -> Settings:
    """Return the settings of an environment; raises SettingsInvalid."""
    keys = _keys(environ)
    host = environ.get("ZHUDAI_HOST", "127.0.0.1")
    if keys is None and not _is_loopback(host):
        raise SettingsInvalid(
            f"KEYS_MISSING development keys serve loopback only, and ZHUDAI_HOST is {host}: set ZHUDAI_SECRETS_FILE"
        )
    log = environ.get("ZHUDAI_LOG", "text")
    if log not in {"text", "json"}:
        raise SettingsInvalid(f"SETTING_INVALID ZHUDAI_LOG is {log!r}: say text or json")
    return Settings(
        database_url=environ.get("DATABASE_URL") or None,
        host=host,
        port=_port(environ.get("ZHUDAI_PORT", "8000")),
        zone=_zone(environ.get("ZHUDAI_TIMEZONE")),
        log_json=log == "json",
        keys=keys or development_keys(data),
        vault_key_id=environ.get("ZHUDAI_VAULT_KEY_ID", "master-1"),
        bank_url=environ.get("ZHUDAI_BANK_URL") or None,
        anchor=Path(environ["ZHUDAI_ANCHOR"]) if environ.get("ZHUDAI_ANCHOR") else None,
        model=environ.get("ZHUDAI_MODEL", "german"),
        collectors=_names(environ.get("ZHUDAI_COLLECTORS", DEVELOPMENT_COLLECTOR if keys is None else "")),
        development=keys is None,
    )


def development_keys(data: Path) -> Keys:
    """Return this machine's development keys; made once, so that tokens and checkpoints outlive a restart.

    The key of the journal is the one that everybody knows, as the demonstration writes with it.
    """
    path = data / "development-keys.json"
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        made = json.dumps({one.name: secrets.token_hex(KEY_BYTES) for one in fields(Keys)}, indent=1)
        path.touch(mode=0o600)
        path.write_text(made + "\n", encoding="utf-8")
    stored: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return Keys(**{name: bytes.fromhex(value) for name, value in stored.items()} | {"journal": DEVELOPMENT_MAC_KEY})


def _keys(environ: Mapping[str, str]) -> Keys | None:
    """The keys that the environment gives: all of them, or none."""
    given = {name: environ[f"ZHUDAI_KEY_{name.upper()}"] for name in _NAMES if f"ZHUDAI_KEY_{name.upper()}" in environ}
    path = environ.get("ZHUDAI_SECRETS_FILE")
    if path:
        given = {**_secrets_file(Path(path)), **given}
    if not given:
        return None
    missing = [name for name in _NAMES if name not in given]
    if missing:
        raise SettingsInvalid(f"KEYS_MISSING {', '.join(missing)}: give every key, or none for development")
    return Keys(**{name: _key(name, given[name]) for name in _NAMES})


_NAMES: Final = tuple(one.name for one in fields(Keys))


def _secrets_file(path: Path) -> dict[str, str]:
    if not path.is_file():
        raise SettingsInvalid(f"SECRETS_FILE_MISSING there is no file {path}: look at ZHUDAI_SECRETS_FILE")
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingsInvalid(f"SECRETS_FILE_OPEN others may read {path}: chmod 600 it")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise SettingsInvalid(f"SECRETS_FILE_INVALID {path} is not JSON") from None
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        raise SettingsInvalid(f"SECRETS_FILE_INVALID {path} is not an object of hexadecimal texts")
    return found


def _key(name: str, written: str) -> bytes:
    try:
        key = bytes.fromhex(written)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise SettingsInvalid(f"KEY_INVALID {name} is not {KEY_BYTES} bytes in hexadecimal")
    return key


def _names(written: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in written.split(",") if name.strip()))


def _port(written: str) -> int:
    if not written.isdecimal() or not 0 <= int(written) <= 65535:  # noqa: PLR2004 - the last port there is
        raise SettingsInvalid(f"SETTING_INVALID ZHUDAI_PORT is {written!r}: say a port from 0 to 65535")
    return int(written)


def _zone(written: str | None) -> ZoneInfo:
    if not written:
        return SHANGHAI
    try:
        return ZoneInfo(written)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsInvalid(
            f"SETTING_INVALID ZHUDAI_TIMEZONE is {written!r}: say a time zone like Asia/Shanghai"
        ) from None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
