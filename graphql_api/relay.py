"""Global ids, pages and cursors.

A global id is a prefix that tells the kind (`ln_` a loan) and the numbers of the row, mixed so that neighbours do not
look like neighbours. It is opaque, not secret: what a viewer may see is decided when the object is read, never by its
id.

A cursor is the key of the last row seen, sealed with the server's key together with the filter and the viewer it was
made for. It is a position in an ordering, not an offset, so rows that come or go do not shift the pages.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from graphql_api.faults import Fault
from graphql_api.limits import PAGE_DEFAULT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeVar

    Row = TypeVar("Row")

PAGE_MAX: Final = 100
"""Rows of the longest page."""
Key = tuple[int | str, ...]
"""The place of a row in its ordering."""

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford: no i, l, o, u
_VALUES: Final = {letter: value for value, letter in enumerate(_ALPHABET)}
_MASK: Final = 2**64 - 1
_FACTOR: Final = 0x9E3779B97F4A7C15
_INVERSE: Final = pow(_FACTOR, -1, 2**64)
_WIDTH: Final = 13
_MAC: Final = 16
_CURSOR_LIMIT: Final = 512


def global_id(prefix: str, *numbers: int) -> str:
    """Return the global id of a row: `ln_` and 13 letters for each number of its key."""
    return f"{prefix}_" + "".join(_letters(number) for number in numbers)


def numbers(prefix: str, text: str, *, count: int = 1) -> tuple[int, ...] | None:
    """Return the numbers of a global id of this kind, or None when the text is not one."""
    kind, _, body = text.partition("_")
    if kind != prefix or len(body) != _WIDTH * count or not all(letter in _VALUES for letter in body):
        return None
    found = tuple(_number(body[at : at + _WIDTH]) for at in range(0, len(body), _WIDTH))
    return found if all(number < 2**63 for number in found) and global_id(prefix, *found) == text else None


def _letters(number: int) -> str:
    """Mix a number and write it in base 32."""
    assert 0 <= number < 2**63, "keys are positive"
    mixed = (number * _FACTOR) & _MASK
    mixed ^= mixed >> 32
    return "".join(_ALPHABET[(mixed >> shift) & 31] for shift in range(60, -1, -5))


def _number(letters: str) -> int:
    """Read what `_letters` wrote."""
    mixed = 0
    for letter in letters:
        mixed = (mixed << 5 | _VALUES[letter]) & _MASK
    mixed ^= mixed >> 32
    return (mixed * _INVERSE) & _MASK


def _encoded(raw: bytes) -> str:
    """URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The part of a list that is asked for: `size` rows after a key, or from the start."""

    size: int
    after: Key | None = None

    @property
    def number(self) -> int | None:
        """The key of a list that is ordered by one number."""
        if self.after is None:
            return None
        (found,) = self.after
        assert isinstance(found, int), "sealed as a number"
        return found

    @property
    def text(self) -> str | None:
        """The key of a list that is ordered by one text."""
        if self.after is None:
            return None
        (found,) = self.after
        assert isinstance(found, str), "sealed as a text"
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class PageInfo:
    """Where a page lies in its list."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True, slots=True)
class Edge:
    """One row with its cursor."""

    node: object
    cursor: str


@dataclass(frozen=True, slots=True)
class Connection:
    """One page of a list."""

    edges: tuple[Edge, ...]
    page_info: PageInfo
    total_count: int | None = None
    """Rows of all pages, where the list was read whole and counting costs nothing."""

    @property
    def nodes(self) -> tuple[object, ...]:
        """The rows without their cursors."""
        return tuple(edge.node for edge in self.edges)


@dataclass(frozen=True, slots=True)
class Cursors:
    """Seals and opens cursors with the server's key, for one list: a field, its filter, and the viewer's scope."""

    key: bytes
    bound: str

    @classmethod
    def of(cls, key: bytes, *, field: str, scope: str, filters: Mapping[str, object]) -> Cursors:
        """Bind cursors to a list; the filter counts in any order."""
        return cls(key, json.dumps([field, scope, sorted((name, str(value)) for name, value in filters.items())]))

    def seal(self, place: Key) -> str:
        """Write the place of a row."""
        body = json.dumps(place, separators=(",", ":")).encode()
        return _encoded(self._mac(body) + body)

    def open(self, cursor: str) -> Key:
        """Read a place; a cursor that was altered or made for another list, filter or viewer is INVALID_CURSOR."""
        try:
            raw = base64.urlsafe_b64decode(cursor[:_CURSOR_LIMIT].encode() + b"=" * (-len(cursor) % 4))
        except (binascii.Error, ValueError):
            raise Fault("INVALID_CURSOR") from None
        mac, body = raw[:_MAC], raw[_MAC:]
        if _encoded(raw) != cursor:  # the decoder skips letters that are none
            raise Fault("INVALID_CURSOR")
        if not hmac.compare_digest(mac, self._mac(body)):
            raise Fault("INVALID_CURSOR")
        return tuple(json.loads(body))

    def page(self, *, first: int | None, after: str | None) -> Page:
        """Read the arguments of a list: 1 to 100 rows, 20 when nothing is said."""
        size = PAGE_DEFAULT if first is None else first
        if not 1 <= size <= PAGE_MAX:
            raise Fault("INVALID_PAGE")
        return Page(size=size, after=None if after is None else self.open(after))

    def connection(self, rows: Sequence[Row], page: Page, place: Callable[[Row], Key]) -> Connection:
        """Make a page of rows in list order; a row more than asked tells that there are more."""
        edges = tuple(Edge(row, self.seal(place(row))) for row in rows[: page.size])
        return Connection(
            edges,
            PageInfo(
                has_next_page=len(rows) > page.size,
                has_previous_page=page.after is not None,
                start_cursor=edges[0].cursor if edges else None,
                end_cursor=edges[-1].cursor if edges else None,
            ),
        )

    def sliced(self, rows: Sequence[Row], page: Page, place: Callable[[Row], Key]) -> Connection:
        """Make a page of a list that is read whole because it is short by nature (the lines of one loan)."""
        start = 0
        if page.after is not None:
            at = next((n for n, row in enumerate(rows) if place(row) == page.after), None)
            if at is None:
                raise Fault("INVALID_CURSOR")
            start = at + 1
        return replace(self.connection(rows[start : start + page.size + 1], page, place), total_count=len(rows))

    def _mac(self, body: bytes) -> bytes:
        """Code over the place and everything that the list is bound to."""
        return hmac.new(self.key, self.bound.encode() + b"\x00" + body, hashlib.sha256).digest()[:_MAC]
