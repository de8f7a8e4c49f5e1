"""What is promised of every command, held by a walk over the list of commands.

The example of its help runs. What it prints as JSON is as its published schema says. What is refused ends with 1, what
is asked wrongly with 2, and both are one sentence with a stable code, and what to do, on standard error. A new command
without an example, a validated output and a refusal is missed here. Everything runs in this process, on a
demonstration of which a few days have been lived.
"""

import asyncio
import csv
import inspect
import io
import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any, Final

import httpx
import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import select

import cli
import server
import settings
from benchmarks import chaos
from cli import COMMANDS, SCHEMAS
from domain.day import queries as days
from domain.origination.tables import application
from graphql_api.auth import Role
from ledger import books
from postgres.database import Database
from seed import demo as demonstration
from seed.parties import APP_ID, channel_key
from seed.products import CODE
from tests.published import faults

ROOT: Final = Path(__file__).resolve().parents[2]
CODED: Final = re.compile(r"[A-Z][A-Z0-9]+(_[A-Z0-9]+)+ \S.*")
"""A line on standard error that says why not."""
TERMS: Final = '{"principal": "10000.00", "rateAnnual": "0.12", "instalments": 3, "startOn": "2026-03-05"}'
PACK: Final = "seed/packs/german-standard.json"
CONTRACT: Final = "seed/packs/german-contract.json"
PROOF: Final = "--checkpoint elsewhere/book-1-42.note --pub elsewhere/zhudai.pub"
STEPS: Final = f'{{"terms": {TERMS}, "steps": [{{"do": "disburse", "amount": "10000.00"}}]}}'
FACTS: Final = (
    '{"age": 30, "amount": 500000, "term": 12, "term_unit": "M", "credit_inquiry_consent": true, "score": 600}'
)


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Bench:
    """A directory and a database in which commands are run."""

    home: Path
    db: Database
    patched: pytest.MonkeyPatch

    def run(self, *arguments: str, given: str = "") -> Ran:
        """Run one command."""
        out, err = io.StringIO(), io.StringIO()
        with self.patched.context() as patched:
            patched.chdir(self.home)
            patched.setenv("DATABASE_URL", self.db.url)
            patched.setattr("sys.stdin", io.StringIO(given))
            with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
                cli.main(arguments)
        told = Ran(int(ended.value.code or 0), out.getvalue(), err.getvalue())
        assert not re.search("[\r\x1b]", told.out + told.err), "progress and colours are for terminals"
        return told

    def write(self, name: str, text: str) -> None:
        """Put a file into the directory."""
        (self.home / name).parent.mkdir(exist_ok=True)
        (self.home / name).write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def bench(module_db: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A small demonstration that was begun as its help says, and every file that the examples name."""
    with pytest.MonkeyPatch.context() as patched:
        made = Bench(tmp_path_factory.mktemp("bench"), module_db, patched)
        (made.home / "seed").symlink_to(ROOT / "seed")
        (begun,) = examples("demo")
        told = made.run(*begun.arguments, "--days", "3", "--json")
        assert told.code == 0, told.err
        made.write("demo.json", told.out)
        assert made.run("seal", "--notes", "elsewhere").code == 0
        (note,) = (made.home / "elsewhere").glob("book-1-*.note")
        note.rename(note.with_name("book-1-42.note"))
        assert made.run("export", "jsonl", "--output", "journal.jsonl").code == 0
        for name, text in FILES.items():
            made.write(name, text)
        number = module_db.run(lambda conn: conn.scalar(select(application.c.channel_application_no).limit(1)))
        made.write("c.json", json.dumps({"channelApplicationNo": number}))
        altered = (made.home / "journal.jsonl").read_text(encoding="utf-8").replace('"DISBURSEMENT', '"ALTERED', 1)
        made.write("altered.jsonl", altered)
        yield made


def day_file(on: date, *rows: str) -> str:
    """A bank's file of a day: right, with these rows."""
    body = "".join(f"{line}\n" for line in (f"H|SANDBOX-BANK|zhudai|{on}|1", *rows))
    total = sum(int(row.split("|")[3]) for row in rows)
    return f"{body}T|{len(rows)}|{total}|{sha256(body.encode()).hexdigest()}\n"


def lines_of_german_credit(*, changed: Mapping[str, str] = MappingProxyType({})) -> str:
    """Two rows of the German set, the second with other cells."""
    rows = list(csv.DictReader(io.StringIO((ROOT / "seed" / "german_credit.csv").read_text(encoding="utf-8"))))[:2]
    written = io.StringIO()
    writer = csv.DictWriter(written, list(rows[0]))
    writer.writeheader()
    writer.writerows([rows[0], {**rows[1], **changed}])
    return written.getvalue()


FILES: Final = MappingProxyType(
    {
        "k": channel_key(valid_from=datetime(2025, 1, 1, tzinfo=UTC)).material.hex(),
        "other": "0b" * 32,
        "me.json": FACTS,
        "no.json": "{}",
        "terms.json": TERMS,
        "function.json": '{"function": {"name": "pmt", "rate": "0.00625", "n": 180, "pv": "200000"}}',
        "steps.json": STEPS,
        "bad.json": '{"principal": "-1", "nonsense": 1}',
        "text.json": "no JSON",
        "day.txt": day_file(date(2026, 3, 5)),
        "other.txt": day_file(date(2026, 3, 6), "PO999|BK1|PAY|10000|CNY|2026-03-06|SUCCESS|0"),
        "broken.txt": day_file(date(2026, 3, 7)).replace("T|0", "T|1"),
        "rows.csv": lines_of_german_credit(),
        "bad.csv": lines_of_german_credit(changed={"credit_amount": "much"}),
        "bare.csv": "a,b\n1,2\n",
    }
)
"""What the examples and the runs below read."""
SIGNED: Final = f"message sign c.json --key k --app-id {APP_ID} --api-name credit.query"


@dataclass(frozen=True)
class Example:
    """One command of a help's example, and what is piped into it."""

    arguments: Sequence[str]
    given: str


def examples(name: str) -> list[Example]:
    """The commands of ours in the example of a command's help, in order."""
    module, _, function = COMMANDS[name].partition(":")
    told = inspect.getdoc(getattr(import_module(module), function)) or ""
    shown = " ".join(told.partition("Example:")[2].partition("\n\n")[0].split()).removesuffix(".")
    found: list[Example] = []
    for one in shown.split("; "):
        given = ""
        for part in one.split(" | "):
            words = [word for word in shlex.split(part.partition(" > ")[0]) if not word.startswith("ZHUDAI_")]
            if words[0] == "echo":
                given = words[1]
            elif words[0] == "zhudai":
                found.append(Example(words[1:], given))
            else:
                assert part == "hledger -f - balance", "a program of others that the tests know"
    return found


@contextmanager
def served(bench: Bench) -> Iterator[None]:
    """A house whose channel endpoint answers whatever this process posts, and a server that ends when it is ready."""
    with bench.patched.context() as patched:
        patched.chdir(bench.home)
        patched.setattr(server, "serve", lambda _house, *, ready: ready())
        patched.setattr(demonstration, "is_complete", lambda _conn: True)
        patched.setenv("ZHUDAI_PORT", "0")
        with server.opened(settings.read({}, data=bench.home / ".data"), bench.db.url) as house:

            def post(url: str, *, content: bytes, headers: Mapping[str, str], timeout: float) -> httpx.Response:
                async def posted() -> httpx.Response:
                    async with httpx.AsyncClient(transport=httpx.ASGITransport(house.app)) as client:
                        return await client.post(url, content=content, headers=headers, timeout=timeout)

                return asyncio.run(posted())

            patched.setattr(httpx, "post", post)
            yield


def next_date(bench: Bench) -> str:
    """The date that closes next."""
    last = bench.db.run(days.last_closed)
    assert last is not None
    return (last + timedelta(days=1)).isoformat()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_example_of_the_help_runs(name: str, bench: Bench, db: Database) -> None:
    shown = examples(name)
    assert shown, "the help has an example"
    assert all(list(one.arguments[: len(name.split())]) == name.split() for one in shown), "of this command"
    where = Bench(bench.home, db, bench.patched) if name in {"close-day", "migrate"} else bench
    prepare(bench, name)
    if name == "risk train":
        return  # `prepare` has run it
    with served(bench), unmeasured(bench):
        for one in shown:
            told = where.run(*one.arguments, *SHORTER.get(name, ()), given=one.given)
            assert (told.code, told.err.count("USAGE_WRONG")) == (0, 0), (one, told)


@pytest.mark.parametrize("name", ["run", "serve"])
def test_a_server_that_is_ready_says_where_everything_is(name: str, bench: Bench) -> None:
    with served(bench):
        told = bench.run(name)
    assert told.code == 0, told
    for place in ("/graphql", "/channel/v1", "/health/ready", "/metrics"):
        assert f"http://127.0.0.1:0{place} " in told.out
    assert "zhudai --help" in told.out, "and how the command is reached"
    assert re.findall(r"^  (\S+) +zt1\.", told.out, re.MULTILINE) == [role.value for role in Role], (
        "one log-in per role"
    )
    assert told.out.count("curl -s ") == 1, "and one question"
    assert "DEVELOPMENT KEYS" in told.err


SHORTER: Final = MappingProxyType({"demo": ("--days", "1")})
"""Options that make an example of hours one of seconds."""


def prepare(bench: Bench, name: str) -> None:
    """What the runs of a command need: a fresh message (a nonce is taken once), or the model."""
    if name.startswith("message"):
        bench.write("m.json", bench.run(*shlex.split(SIGNED)).out)
    if name.startswith("risk"):
        train(bench)
        bench.write("changed/model.json", (bench.home / "model" / "model.json").read_text(encoding="utf-8"))
        bench.write("changed/model.cbm", "another")


def train(bench: Bench) -> None:
    """The model that the examples of risk name, once: made by an example itself."""
    if not (bench.home / "model").exists():
        (example,) = examples("risk train")
        told = bench.run(*example.arguments, "--json")
        assert told.code == 0, told
        bench.write("train.json", told.out)


@contextmanager
def unmeasured(bench: Bench) -> Iterator[None]:
    """Measures that take no time."""
    module: Any = import_module("commands.bench")
    with bench.patched.context() as patched:
        patched.setattr(module, "_ratios", lambda *_, **_as: None)
        patched.setattr(module, "_chaos", lambda *_, **_as: None)
        yield


JSON_RUNS: Final[Mapping[str, Sequence[tuple[str, int]]]] = MappingProxyType(
    {
        "quote": (("quote terms.json --explain", 0), ("quote function.json", 0), ("quote bad.json", 1)),
        "simulate": (("simulate steps.json", 0), ("simulate bad.json", 1)),
        "close-day": (("close-day --date {next}", 0), ("close-day --date {closed}", 0)),
        "reconcile": ((f"reconcile other.txt --product {CODE}", 1), (f"reconcile day.txt --product {CODE}", 0)),
        "trial-balance": (("trial-balance --by funder --since 2025-01-01 --on 2025-12-31", 0), ("trial-balance", 0)),
        "statement": (("statement 1303.01 --first 1", 0), ("statement 1303.01 --on 2024-01-01", 0)),
        "export": (("export csv --output j.csv", 0), ("export jsonl --without-meta --output j.jsonl", 0)),
        "seal": (("seal", 0),),
        "verify": (("verify", 0), (f"verify journal.jsonl {PROOF}", 0), (f"verify altered.jsonl {PROOF}", 1)),
        "rebuild": (("rebuild --check", 0),),
        "decide": ((f"decide {PACK} me.json", 0), (f"decide {PACK} no.json", 0)),
        "risk score": (("risk score model rows.csv", 0), ("risk score model bad.csv", 1)),
        "risk card": (("risk card model", 0),),
        "message sign": ((SIGNED, 0),),
        "message verify": (("message verify m.json --key k", 0), ("message verify m.json --key other", 1)),
        "message send": (("message send m.json", 0), ("message send m.json", 1)),
    }
)
"""Commands that print JSON, with arguments that between them show every part of what may come out, and how they end."""
LONG: Final = frozenset({"demo", "bench", "risk train"})
"""Commands that take long: what they print is looked at by tests of their own, below."""
PROSE: Final = frozenset({"run", "serve", "migrate", "schema"})
"""Commands that print no data."""


def test_every_command_is_looked_at() -> None:
    assert {*JSON_RUNS, *LONG, *PROSE} == set(COMMANDS)
    assert set(REFUSED) | set(NEVER_REFUSED) == set(COMMANDS)
    assert {path.stem for path in SCHEMAS.glob("*.json")} == {
        name.replace(" ", "-") for name in COMMANDS if name not in PROSE
    }


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda path: path.stem)
def test_a_published_schema_is_one_and_leaves_nothing_open(path: Path) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"].startswith(f"What zhudai {path.stem.replace('-', ' ')}"[:16])
    assert [place for place in open_objects(schema) if place.rpartition("/")[2] not in OPEN] == []


OPEN: Final = frozenset({"bizContent", "terms", "params"})
"""Objects whose fields are told elsewhere: by the interface of a message, by `zhudai quote --schema`, by a library."""


def open_objects(schema: object, at: str = "") -> Iterator[str]:
    """Places of objects that may have fields of any name."""
    if isinstance(schema, dict):
        if (schema.get("type") == "object" or "properties" in schema) and "additionalProperties" not in schema:
            yield at
        for name, inside in schema.items():
            yield from open_objects(inside, f"{at}/{name}")
    elif isinstance(schema, list):
        for number, inside in enumerate(schema):
            yield from open_objects(inside, f"{at}/{number}")


@pytest.mark.parametrize("name", JSON_RUNS)
def test_what_it_prints_as_json_is_as_its_published_schema_says(name: str, bench: Bench) -> None:
    schema = json.loads(bench.run(*name.split(), "--schema").out)
    assert schema == json.loads((SCHEMAS / f"{name.replace(' ', '-')}.json").read_text(encoding="utf-8"))
    prepare(bench, name)
    for line, code in JSON_RUNS[name]:
        closed = bench.db.run(days.last_closed)
        assert closed is not None
        arguments = shlex.split(line.format(next=closed + timedelta(days=1), closed=closed))
        with served(bench):
            told = bench.run(*arguments, *([] if name == "message sign" else ["--json"]))
        assert told.code == code, (line, told)
        assert list(faults(json.loads(told.out), schema)) == [], line
        assert all(CODED.fullmatch(one) for one in told.err.splitlines()) or not code, told.err


def test_what_the_demonstration_came_to_and_what_was_trained_are_as_published(bench: Bench) -> None:
    train(bench)
    for told, published in (("demo.json", "demo.json"), ("train.json", "risk-train.json")):
        document = json.loads((bench.home / told).read_text(encoding="utf-8"))
        assert list(faults(document, json.loads((SCHEMAS / published).read_text(encoding="utf-8")))) == []
    assert json.loads((bench.home / "demo.json").read_text(encoding="utf-8"))["loans"] > 0


def test_what_is_measured_is_as_published(bench: Bench, db: Database) -> None:
    module: Any = import_module("commands.bench")
    schema = json.loads((SCHEMAS / "bench.json").read_text(encoding="utf-8"))
    nothing = chaos.Result(**dict.fromkeys((one.name for one in fields(chaos.Result)), 0))
    with bench.patched.context() as patched:
        patched.setattr(module, "start", lambda _home: nullcontext(SimpleNamespace(url=db.url)))
        patched.setattr(module, "chaos", lambda _home, **_: nothing)
        ratios = bench.run("bench", "posting", "--seconds", "0.1", "--rounds", "1", "--json")
        counts = bench.run("bench", "chaos", "--json")
    for told in (ratios, counts):
        assert told.code == 0, told
        assert list(faults(json.loads(told.out), schema)) == []


REFUSED: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "run": ("run", "KEYS_MISSING"),
        "serve": ("serve", "KEYS_MISSING"),
        "migrate": ("migrate", "DATABASE_URL_INVALID"),
        "demo": ("demo", "DATABASE_URL_INVALID"),
        "quote": ("quote text.json", "TERMS_NOT_JSON"),
        "simulate": ("simulate text.json", "TERMS_NOT_JSON"),
        "close-day": ("close-day --date 2020-01-01", "DAY_ALREADY_CLOSED"),
        "reconcile": (f"reconcile broken.txt --product {CODE}", "RECONCILIATION_FILE_REFUSED"),
        "trial-balance": ("trial-balance --book 7", "LEDGER_BOOK_UNKNOWN"),
        "statement": ("statement 7777", "LEDGER_ACCOUNT_UNKNOWN"),
        "export": ("export csv --book 7", "LEDGER_BOOK_UNKNOWN"),
        "seal": ("seal", "DATABASE_URL_INVALID"),
        "verify": (f"verify altered.jsonl {PROOF}", "LEDGER_VERIFY_FAILED"),
        "rebuild": ("rebuild --book 7", "LEDGER_BOOK_UNKNOWN"),
        "decide": ("decide text.json me.json", "PACK_INVALID"),
        "risk train": (f"risk train bare.csv --contract {CONTRACT} --output x", "COLUMNS_MISSING"),
        "risk score": ("risk score model bare.csv", "COLUMNS_MISSING"),
        "risk card": ("risk card changed", "MODEL_HASH_WRONG"),
        "message sign": ("message sign text.json --key k --app-id a --api-name b", "MESSAGE_NOT_JSON"),
        "message verify": ("message verify m.json --key other", "SIGNATURE_INVALID"),
        "message send": ("message send m.json --url http://127.0.0.1:1/", "ENDPOINT_UNREACHABLE"),
    }
)
"""For each command something that it refuses, and the code that it says."""
NEVER_REFUSED: Final = MappingProxyType(
    {"bench": "tells what it has measured, whatever that is", "schema": "prints what there is"}
)
"""Commands without a no of their own, and why."""


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_ends_with_one_and_says_why_and_what_to_do(name: str, bench: Bench) -> None:
    line, code = REFUSED[name]
    prepare(bench, name)
    with bench.patched.context() as patched:
        if code == "KEYS_MISSING":
            patched.setenv("ZHUDAI_HOST", "192.0.2.1")
        where = Bench(bench.home, Database("nowhere"), patched) if code == "DATABASE_URL_INVALID" else bench
        told = where.run(*shlex.split(line))
    assert told.code == 1, told
    assert told.out == "" or name.endswith("verify"), "an answer is no error"
    last = told.err.splitlines()[-1]
    assert CODED.fullmatch(last), told.err
    assert last.split()[0] == code
    assert re.search(r": \S", last), "and what to do"


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_asked_wrongly_ends_with_two(name: str, bench: Bench) -> None:
    told = bench.run(*name.split(), "--no-such-option")
    (line,) = told.err.splitlines()
    assert (told.code, told.out) == (2, "")
    assert re.fullmatch(rf"USAGE_WRONG \S.*: see zhudai {name} --help", line)


def test_two_documents_are_not_printed_as_one(bench: Bench) -> None:
    told = bench.run("bench", "posting", "chaos", "--json")
    assert (told.code, told.out) == (2, "")
    assert "chaos is asked by itself" in told.err


@pytest.mark.parametrize(
    "line", ["export csv --output nowhere/j.csv", "seal --notes c.json", "risk train seed/german_credit.csv --output k"]
)
def test_a_place_that_cannot_be_written_is_wrong_usage(line: str, bench: Bench) -> None:
    more = ("--contract", CONTRACT) if line.startswith("risk") else ()
    told = bench.run(*shlex.split(line), *more)
    assert told.code == 2
    assert re.fullmatch(r"USAGE_WRONG \S+: .+: name another place, see zhudai --help", told.err.splitlines()[-1])


def test_a_close_that_the_books_refuse_ends_with_one_and_goes_on_afterwards(bench: Bench) -> None:
    closed = bench.db.run(days.last_closed)
    assert closed is not None
    on = closed + timedelta(days=1)
    month = on.year * 100 + on.month
    bench.db.run(lambda conn: books.begin_close(conn, 1, month))
    refused = bench.run("close-day", "--date", on.isoformat())
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith(f"PERIOD_CLOSED the accounting period is closed: 1/{month}: remove the cause")
    bench.db.run(lambda conn: books.reopen(conn, 1, month))
    assert bench.run("close-day", "--date", on.isoformat()).code == 0
