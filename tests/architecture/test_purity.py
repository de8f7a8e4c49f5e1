"""A reader knows from a file's path alone whether it can touch the world; here the names are held to it.

A shell file whose subjects have outgrown it is a folder of the same name, with a file for each subject.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORLD = {
    "sqlalchemy",
    "psycopg",
    "strawberry",
    "starlette",
    "uvicorn",
    "catboost",
    "httpx",
    "alembic",
    "requests",
    "socket",
}
SHELL = {
    "domain": {"tables.py", "operations.py", "queries.py"},
    "ledger": {
        "tables.py", "journal.py", "balances.py", "statements.py",  # house.md §1.4
        "books.py", "sequencer.py", "seal.py", "stream.py", "audit.py", "export.py", "importer.py",  # books to export
    },
    "risk": set[str](),
}  # fmt: skip
ALLOWED = {
    "domain/command.py": {"sqlalchemy"},  # names Connection in the protocol Transactions, and does nothing with it
    "domain/metadata.py": {"sqlalchemy"},  # the MetaData on which all tables.py declare; it cannot touch the world
    "risk/model.py": {"catboost"},  # house.md §1.5: the two files that may know the model's library
    "risk/training.py": {"catboost"},
}
SHELL_MAY = {"sqlalchemy", "psycopg"}
FORBIDDEN_CALLS = {
    ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time"),
    ("time", "monotonic"), ("time", "sleep"), ("os", "environ"), ("os", "getenv"), ("uuid", "uuid4"), ("uuid", "uuid1"),
}  # fmt: skip
CLOCKS_AND_CHANCE = {"random", "secrets", "time"}
CHANCE_ALLOWED = {
    "domain/command.py": {"sqlalchemy"},  # names Connection in the protocol Transactions, and does nothing with it
    "domain/party/vault.py": {"secrets"},  # makes keys and nonces; callers may pass their own
    "domain/party/operations.py": {"secrets"},
}
FILES = sorted(path for top in SHELL for path in (ROOT / top).rglob("*.py"))


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module.split(".")[0]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", FILES, ids=named)
def test_only_files_named_as_shell_import_the_world(path: Path) -> None:
    worldly = set(imported(ast.parse(path.read_text(encoding="utf-8")))) & WORLD
    shell = {path.name, f"{path.parent.name}.py"} & SHELL[named(path).split("/")[0]]
    assert worldly <= (SHELL_MAY if shell else ALLOWED.get(named(path), set()))


@pytest.mark.parametrize("path", FILES, ids=named)
def test_the_core_reads_no_clock_no_chance_and_no_environment(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert set(imported(tree)) & CLOCKS_AND_CHANCE <= CHANCE_ALLOWED.get(named(path), set())
    read = {
        (node.value.id, node.attr)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    assert read & FORBIDDEN_CALLS == set()


@pytest.mark.parametrize("path", FILES, ids=named)
def test_no_float_is_made_near_an_amount(path: Path) -> None:
    if named(path).startswith("risk/"):
        pytest.skip("probabilities are floats inside the model's own files")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    floats = [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float")
    ]
    assert floats == []


def test_each_brass_plate_is_a_docstring_and_nothing_else() -> None:
    tops = ("ledger", "domain", "risk", "graphql_api", "postgres", "sandbox", "seed", "benchmarks", "migrations")
    wrong = []
    for top in tops:
        for path in (ROOT / top).rglob("__init__.py"):
            body = ast.parse(path.read_text(encoding="utf-8")).body
            if len(body) != 1 or ast.get_docstring(ast.Module(body=body, type_ignores=[])) is None:
                wrong.append(named(path))
    assert wrong == []


def test_no_module_is_named_for_nothing() -> None:
    empty_names = {"utils", "util", "helpers", "helper", "common", "base", "manager", "service", "misc", "impl", "info"}
    tops = ("ledger", "domain", "risk", "graphql_api", "postgres", "sandbox", "seed", "benchmarks", "migrations")
    found = [named(path) for top in tops for path in (ROOT / top).rglob("*.py") if path.stem in empty_names]
    assert found == []
