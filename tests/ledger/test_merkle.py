"""The tree of RFC 6962: every proof verifies, and no other."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from ledger import merkle

leaves = st.lists(st.binary(max_size=8), min_size=1, max_size=40).map(lambda xs: [merkle.leaf_digest(x) for x in xs])


def naive(level: list[bytes]) -> bytes:
    """The root by the definition of RFC 6962, section 2.1."""
    if len(level) == 1:
        return level[0]
    k = 1
    while k * 2 < len(level):
        k *= 2
    return hashlib.sha256(b"\x01" + naive(level[:k]) + naive(level[k:])).digest()


@given(leaves)
def test_the_root_is_the_definition_s(found: list[bytes]) -> None:
    assert merkle.root(found) == naive(found)


@given(leaves, st.data())
def test_growing_in_any_steps_gives_the_same_root(found: list[bytes], data: st.DataObject) -> None:
    size = 0
    peaks: dict[int, bytes] = {}
    while size < len(found):
        step = data.draw(st.integers(1, len(found) - size))
        grown = merkle.grow(size, peaks, found[size : size + step])
        size, peaks = grown.size, dict(grown.peaks)
    assert merkle.root_of_peaks(peaks) == naive(found)
