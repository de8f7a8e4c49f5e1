"""Ids name one thing and one kind; cursors hold for one list of one viewer; pages have bounds."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.faults import Fault
from graphql_api.relay import Cursors, Page, global_id, numbers

if TYPE_CHECKING:
    from graphql_api.relay import Key

NUMBER = st.integers(0, 2**63 - 1)


@given(st.lists(NUMBER, min_size=1, max_size=3))
def test_an_id_reads_back(found: list[int]) -> None:
    written = global_id("ln", *found)
    assert numbers("ln", written, count=len(found)) == tuple(found)
    assert numbers("ap", written, count=len(found)) is None


@given(NUMBER, st.text(max_size=30))
def test_a_text_that_is_no_id_reads_as_nothing(number: int, text: str) -> None:
    written = global_id("ln", number)
    assert numbers("ln", text) is None or global_id("ln", *(numbers("ln", text) or ())) == text
    assert numbers("ln", written + "0") is None
    assert numbers("ln", written.upper()) is None


def test_neighbours_do_not_look_like_neighbours() -> None:
    one, two = global_id("ln", 1), global_id("ln", 2)
    assert sum(a != b for a, b in zip(one[3:], two[3:], strict=True)) >= 6


def cursors(field: str = "loans", scope: str = "auditor", key: bytes = b"k", **filters: object) -> Cursors:
    return Cursors.of(key, field=field, scope=scope, filters=filters)


@given(st.tuples(st.integers(), st.text(max_size=20)))
def test_a_cursor_opens_where_it_was_made(place: Key) -> None:
    assert cursors(status="ACTIVE").open(cursors(status="ACTIVE").seal(place)) == place


@pytest.mark.parametrize(
    "other",
    [
        cursors("cases"),
        cursors(scope="partner/3/None"),
        cursors(key=b"other"),
        cursors(status="SETTLED"),
        cursors(on="x"),
    ],
)
def test_a_cursor_opens_nowhere_else(other: Cursors) -> None:
    with pytest.raises(Fault) as refused:
        other.open(cursors().seal((7,)))
    assert refused.value.code == "INVALID_CURSOR"


@pytest.mark.parametrize("text", ["", "x", "YWJj", "a" * 600, "é", base64.b64encode(b"arrayconnection:1").decode()])
def test_what_is_no_cursor_is_refused_by_name(text: str) -> None:
    with pytest.raises(Fault) as refused:
        cursors().open(text)
    assert refused.value.code == "INVALID_CURSOR"


@given(st.integers(0, 20), st.integers(0, 255))
def test_an_altered_cursor_is_refused(at: int, byte: int) -> None:
    whole = bytearray(base64.urlsafe_b64decode(cursors().seal((12345,)) + "=="))
    if whole[at % len(whole)] == byte:
        return
    whole[at % len(whole)] = byte
    with pytest.raises(Fault):
        cursors().open(base64.urlsafe_b64encode(bytes(whole)).decode())


@pytest.mark.parametrize(
    ("first", "last", "size"),
    [(None, None, 20), (1, None, 1), (100, None, 100), (None, 100, 100), (0, None, 0), (101, None, 0), (-1, None, 0),
     (10**9, None, 0), (None, 0, 0), (None, 101, 0), (5, 5, 0)],
)  # fmt: skip
def test_a_page_has_one_direction_and_one_to_a_hundred_rows(first: int | None, last: int | None, size: int) -> None:
    if size:
        assert cursors().page(first=first, after=None, last=last, before=None).size == size
        return
    with pytest.raises(Fault) as refused:
        cursors().page(first=first, after=None, last=last, before=None)
    assert refused.value.code == "INVALID_PAGE"


@given(st.lists(st.integers(1, 1000), unique=True, max_size=60).map(sorted), st.integers(1, 10), st.booleans())
def test_walking_the_pages_meets_every_row_once(rows: list[int], size: int, backward: bool) -> None:
    met: list[int] = []
    here = cursors()
    mark: str | None = None
    while True:
        page = (
            here.page(first=None, after=None, last=size, before=mark)
            if backward
            else here.page(first=size, after=mark, last=None, before=None)
        )
        made = here.connection(fetched(rows, page), page, lambda row: (row,))
        found = [int(str(node)) for node in made.nodes]
        met = found + met if backward else met + found
        info = made.page_info
        mark = info.start_cursor if backward else info.end_cursor
        if not (info.has_previous_page if backward else info.has_next_page):
            break
    assert met == rows


def fetched(rows: list[int], page: Page) -> list[int]:
    """What a keyset query returns: one row more than asked."""
    inside = [
        row
        for row in rows
        if (not page.after or row > int(page.after[0])) and (not page.before or row < int(page.before[0]))
    ]
    return inside[-page.size - 1 :] if page.backward else inside[: page.size + 1]
