"""What an operator may say in the environment, and what is refused by name."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

import settings
from settings import Keys, SettingsInvalid

NAMES = ("token", "cursor", "journal", "seal", "vault", "index", "bank")
SECRETS = {name: f"{n:02x}" * 32 for n, name in enumerate(NAMES, 1)}
GIVEN = {f"ZHUDAI_KEY_{name.upper()}": value for name, value in SECRETS.items()}


def refused(environ: Mapping[str, str], tmp_path: Path) -> str:
    with pytest.raises(SettingsInvalid) as caught:
        settings.read(environ, data=tmp_path)
    return str(caught.value)


def test_nothing_said_is_development_on_loopback(tmp_path: Path) -> None:
    found = settings.read({}, data=tmp_path / "new")
    assert (found.host, found.port, found.database_url, found.development) == ("127.0.0.1", 8000, None, True)
    kept = tmp_path / "new" / "development-keys.json"
    assert kept.stat().st_mode & 0o077 == 0
    assert settings.read({}, data=tmp_path / "new").keys == found.keys
    assert settings.read({}, data=tmp_path / "other").keys.token != found.keys.token


@pytest.mark.parametrize(
    ("environ", "collectors"),
    [
        ({}, ("collector-1",)),
        (GIVEN, ()),
        ({**GIVEN, "ZHUDAI_COLLECTORS": ""}, ()),
        ({**GIVEN, "ZHUDAI_COLLECTORS": " wang , li,,wang "}, ("wang", "li")),
        ({"ZHUDAI_COLLECTORS": ""}, ()),
    ],
)
def test_collectors_on_duty_are_named(environ: Mapping[str, str], collectors: tuple[str, ...], tmp_path: Path) -> None:
    assert settings.read(environ, data=tmp_path).collectors == collectors


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "zhudai.example"])  # noqa: S104 - that is the point
def test_development_keys_never_leave_loopback(host: str, tmp_path: Path) -> None:
    assert refused({"ZHUDAI_HOST": host}, tmp_path).startswith("KEYS_MISSING")
    assert settings.read({**GIVEN, "ZHUDAI_HOST": host}, data=tmp_path).host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_has_many_names(host: str, tmp_path: Path) -> None:
    assert settings.read({"ZHUDAI_HOST": host}, data=tmp_path).host == host


@pytest.mark.parametrize(
    ("environ", "code"),
    [
        ({"ZHUDAI_PORT": "http"}, "SETTING_INVALID"),
        ({"ZHUDAI_PORT": "65536"}, "SETTING_INVALID"),
        ({"ZHUDAI_LOG": "xml"}, "SETTING_INVALID"),
        ({"ZHUDAI_TIMEZONE": "Asia/Shanghai!"}, "SETTING_INVALID ZHUDAI_TIMEZONE"),
        ({"ZHUDAI_TIMEZONE": "../etc/passwd"}, "SETTING_INVALID ZHUDAI_TIMEZONE"),
        ({"ZHUDAI_TIMEZONE": "Asia"}, "SETTING_INVALID ZHUDAI_TIMEZONE"),
        ({"ZHUDAI_KEY_TOKEN": "00" * 32}, "KEYS_MISSING cursor, journal, seal, vault, index, bank"),
        ({**GIVEN, "ZHUDAI_KEY_SEAL": "00" * 31}, "KEY_INVALID seal"),
        ({**GIVEN, "ZHUDAI_KEY_SEAL": "zz" * 32}, "KEY_INVALID seal"),
        ({"ZHUDAI_SECRETS_FILE": "/nowhere/secrets.json"}, "SECRETS_FILE_MISSING"),
    ],
)
def test_nonsense_is_refused_by_name(environ: Mapping[str, str], code: str, tmp_path: Path) -> None:
    assert refused(environ, tmp_path).startswith(code)


def test_the_books_keep_the_days_of_the_zone_that_is_named(tmp_path: Path) -> None:
    assert settings.read({}, data=tmp_path).zone == settings.read({"ZHUDAI_TIMEZONE": ""}, data=tmp_path).zone
    assert settings.read({}, data=tmp_path).zone.key == "Asia/Shanghai"
    assert settings.read({"ZHUDAI_TIMEZONE": "Europe/Berlin"}, data=tmp_path).zone.key == "Europe/Berlin"


def test_keys_come_from_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(json.dumps(SECRETS), encoding="utf-8")
    path.chmod(0o640)
    environ = {"ZHUDAI_SECRETS_FILE": str(path)}
    assert refused(environ, tmp_path).startswith("SECRETS_FILE_OPEN")
    path.chmod(0o600)
    found = settings.read(environ, data=tmp_path)
    assert found.keys == Keys(**{name: bytes.fromhex(value) for name, value in SECRETS.items()})
    assert not found.development
    assert settings.read({**environ, "ZHUDAI_KEY_BANK": "ff" * 32}, data=tmp_path).keys.bank == b"\xff" * 32
    assert not (tmp_path / "development-keys.json").exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"token": 1}'])
def test_a_broken_secrets_file_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    assert refused({"ZHUDAI_SECRETS_FILE": str(path)}, tmp_path).startswith("SECRETS_FILE_INVALID")


def test_keys_are_not_shown(tmp_path: Path) -> None:
    shown = repr(settings.read(GIVEN, data=tmp_path))
    assert not any(value in shown or repr(bytes.fromhex(value)) in shown for value in SECRETS.values())


def test_the_vault_is_made_of_the_keys(tmp_path: Path) -> None:
    vault = settings.read({**GIVEN, "ZHUDAI_VAULT_KEY_ID": "2026"}, data=tmp_path).vault
    assert vault.active_key_id == "2026"
    assert vault.master_keys == {"2026": bytes.fromhex(SECRETS["vault"])}
