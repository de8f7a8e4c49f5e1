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


@pytest.mark.parametrize("junk", ["!", "=", "====", " ", "\n", "+", "é"])
def test_a_cursor_is_written_in_one_way(junk: str) -> None:
    whole = cursors().seal((12345,))
    for text in (whole + junk, junk + whole, whole[:9] + junk + whole[9:]):
        with pytest.raises(Fault):
            cursors().open(text)


@given(st.integers(0, 20), st.integers(0, 255))
def test_an_altered_cursor_is_refused(at: int, byte: int) -> None:
    whole = bytearray(base64.urlsafe_b64decode(cursors().seal((12345,)) + "=="))
    if whole[at % len(whole)] == byte:
        return
    whole[at % len(whole)] = byte
    with pytest.raises(Fault):
        cursors().open(base64.urlsafe_b64encode(bytes(whole)).decode())


@pytest.mark.parametrize("first", [0, 101, -1, 10**9])
def test_a_page_has_one_to_a_hundred_rows(first: int) -> None:
    with pytest.raises(Fault) as refused:
        cursors().page(first=first, after=None)
    assert refused.value.code == "INVALID_PAGE"


@pytest.mark.parametrize(("first", "size"), [(None, 20), (1, 1), (100, 100)])
def test_a_page_within_its_bounds(first: int | None, size: int) -> None:
    assert cursors().page(first=first, after=None) == Page(size=size)


@given(st.lists(st.integers(1, 1000), unique=True, max_size=60).map(sorted), st.integers(1, 10), st.booleans())
def test_walking_the_pages_meets_every_row_once(rows: list[int], size: int, whole: bool) -> None:
    met: list[int] = []
    here = cursors()
    mark: str | None = None
    while True:
        page = here.page(first=size, after=mark)
        found = rows if whole else [row for row in rows if row > (page.number or 0)][: size + 1]
        made = (here.sliced if whole else here.connection)(found, page, lambda row: (row,))
        met += [int(str(node)) for node in made.nodes]
        assert made.page_info.has_previous_page is (mark is not None)
        mark = made.page_info.end_cursor
        if not made.page_info.has_next_page:
            break
    assert met == rows


def test_a_slice_after_a_row_that_is_gone_is_refused() -> None:
    here = cursors()
    with pytest.raises(Fault) as refused:
        here.sliced([1, 2], here.page(first=1, after=here.seal((9,))), lambda row: (row,))
    assert refused.value.code == "INVALID_CURSOR"
