"""A document is parsed and validated once: memory with a bound, and names for everything that is no document."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from graphql import DocumentNode, build_schema, parse

from graphql_api.documents import REMEMBERED, REMEMBERED_LENGTH, Documents, Malformed, hash_of, operations

SCHEMA = build_schema("type Query { name: String, text(of: String): String }")


def documents(*, tokens: int = 100, errors: int = 3) -> Documents:
    return Documents.of(SCHEMA, tokens_max=tokens, errors_max=errors)


def parsed(known: Documents, text: str) -> DocumentNode:
    found = known.parse(text)
    assert isinstance(found, DocumentNode)
    return found


def test_the_same_text_is_the_same_document() -> None:
    known = documents()
    assert parsed(known, "{name}") is parsed(known, "{name}")
    assert parsed(known, "{name }") is not parsed(known, "{name}")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "GRAPHQL_PARSE_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{name} }", "GRAPHQL_PARSE_FAILED"),
        ("{" + "name " * 99 + "}", "LIMIT_TOKENS"),
        ("{" + "a{" * 40_000, "LIMIT_TOKENS"),
        ('{text(of:"\\u0000")}', "INVALID_TEXT"),
        ('{text(of:"\\u{0}")}', "INVALID_TEXT"),
        ('{text(of:"\\u{00000}")}', "INVALID_TEXT"),
        ('{text(of:"\\\\\\u0000")}', "INVALID_TEXT"),
    ],
)
def test_what_is_no_document_has_a_name_and_keeps_it(text: str, code: str) -> None:
    known = documents()
    first = known.parse(text)
    assert isinstance(first, Malformed)
    assert first.code == code
    assert first.errors
    assert known.parse(text) == first


@pytest.mark.parametrize("text", ["{" + "name " * 98 + "}", '{text(of:"\\\\u0000")}', '{text(of:"\\u0001")}'])
def test_what_is_just_inside_is_a_document(text: str) -> None:
    parsed(documents(), text)


def test_nesting_beyond_the_stack_is_a_limit_of_depth() -> None:
    found = documents(tokens=10**6).parse("{" + "a{" * 40_000)
    assert isinstance(found, Malformed)
    assert found.code == "LIMIT_DEPTH"


def test_the_memory_forgets_what_was_used_least() -> None:
    known = documents()
    first, second = parsed(known, "{name #0\n}"), parsed(known, "{name #1\n}")
    for number in range(2, REMEMBERED):
        parsed(known, f"{{name #{number}\n}}")
    assert parsed(known, "{name #0\n}") is first, "used again, it is young again"
    parsed(known, "{name #one more\n}")
    assert len(known.parsed) == REMEMBERED
    assert parsed(known, "{name #0\n}") is first
    assert parsed(known, "{name #1\n}") is not second


def test_a_long_document_is_answered_and_not_kept() -> None:
    known = documents()
    for length, kept in ((REMEMBERED_LENGTH, 1), (REMEMBERED_LENGTH + 1, 1)):
        text = "{name}" + " " * (length - 6)
        assert known.validate(text, parsed(known, text), introspection=True) == ()
        assert (len(known.parsed), len(known.validated)) == (kept, kept)


def test_a_text_is_kept_under_its_hash_until_it_is_forgotten() -> None:
    known = documents()
    assert known.find(hash_of("{name}")) is None
    known.persist("{name}", hash_of("{name}"))
    assert known.find(hash_of("{name}")) == "{name}"
    long = "{name}" + " " * REMEMBERED_LENGTH
    known.persist(long, hash_of(long))
    assert known.find(hash_of(long)) is None
    for number in range(REMEMBERED):
        known.persist(f"{{name #{number}\n}}", str(number))
    assert known.find(hash_of("{name}")) is None


def test_the_hash_is_that_of_the_text_in_utf_8() -> None:
    """The examples of the draft of GraphQL over HTTP, appendix A."""
    spaced = "query ($id: ID!) {\n  user(id: $id) {\n    name\n  }\n}"
    assert hash_of(spaced) == "7dba4bd717b41f10434822356a93c32b1fb4907b983e854300ad839f84cdcd6e"
    tight = "query($id:ID!){user(id:$id){name}}"
    assert hash_of(tight) == "71f7dc5758652baac68e4a10c50be732b741c892ade2883a99358f52b555286b"
    assert hash_of("{name #名\n}") != hash_of("{name #名 \n}")


def test_who_may_introspect_and_who_may_not_are_remembered_apart() -> None:
    known = documents()
    text = "{__schema{types{name}}}"
    document = parsed(known, text)
    for _ in range(2):
        assert known.validate(text, document, introspection=True) == ()
        assert known.validate(text, document, introspection=False) != ()
    assert known.validate("{__typename}", parsed(known, "{__typename}"), introspection=False) == ()


def test_errors_are_told_up_to_their_number() -> None:
    known = documents(errors=3)
    text = "{" + " ".join(f"x{n}" for n in range(9)) + "}"
    assert len(known.validate(text, parsed(known, text), introspection=True)) == 3


def test_many_threads_share_the_memory() -> None:
    known = documents()
    texts = [f"{{name #{n % 7}\n}}" for n in range(200)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(known.parse, texts))
    assert all(isinstance(one, DocumentNode) for one in found)
    assert len(known.parsed) == 7


TWO = "query A{name} query B{name}"


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        ("{name}", None, True),
        ("query A{name}", None, True),
        ("query A{name}", "A", True),
        ("query A{name}", "B", False),
        ("{name}", "A", False),
        (TWO, None, False),
        (TWO, "B", True),
        (TWO, "C", False),
        ("query A{name} query A{name}", "A", False),
        ("fragment F on Query{name}", None, False),
        ("{...F} fragment F on Query{name}", None, True),
    ],
)
def test_one_operation_is_meant_or_none(text: str, name: str | None, found: bool) -> None:
    chosen = operations(parse(text), name)
    assert (chosen is not None) is found
    if chosen is not None and name is not None:
        assert chosen.name is not None
        assert chosen.name.value == name
