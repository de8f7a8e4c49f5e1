"""Merkle tree of RFC 6962 (§2.1) over leaf digests: growth with stored nodes, inclusion and consistency proofs.

Nodes of perfect subtrees never change once complete, so a log keeps them and a proof reads O(log n) of them. A node is
named (level, index): level 0 are the leaves, node (k, i) covers leaves i * 2^k up to (i + 1) * 2^k.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ledger.encoding import digest

Node = Callable[[int, int], bytes]
"""Reads the stored digest of a perfect subtree by level and index."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What a tree gains when leaves are appended."""

    size: int
    """Leaves afterwards."""
    nodes: tuple[tuple[int, int, bytes], ...]
    """New perfect subtrees above the leaves: level, index, digest."""
    peaks: Mapping[int, bytes]
    """Digest of the rightmost perfect subtree at each level whose bit is set in the size."""


def empty_root(hash_name: str = "sha256") -> bytes:
    """Root of the tree without leaves."""
    return digest(hash_name)(b"")


def leaf_digest(data: bytes, hash_name: str = "sha256") -> bytes:
    """Digest of a leaf's bytes."""
    return digest(hash_name)(b"\0" + data)


def grow(size: int, peaks: Mapping[int, bytes], leaves: Sequence[bytes], hash_name: str = "sha256") -> Growth:
    """Append leaf digests to a tree of `size` leaves of which only the peaks are known."""
    total = size + len(leaves)
    nodes: list[tuple[int, int, bytes]] = []
    grown: dict[int, bytes] = {}
    row, level = list(leaves), 0
    while total >> level:
        first = size >> level
        if level:
            nodes.extend((level, first + offset, value) for offset, value in enumerate(row))
        if first & 1:
            row.insert(0, peaks[level])
        if (total >> level) & 1:
            grown[level] = row[-1]
        row = _parents(row, hash_name)
        level += 1
    return Growth(total, tuple(nodes), grown)


def peaks_of(size: int, node: Node) -> dict[int, bytes]:
    """The peaks of a stored tree."""
    return {level: node(level, (size >> level) - 1) for level in range(size.bit_length()) if (size >> level) & 1}


def root_of_peaks(peaks: Mapping[int, bytes], hash_name: str = "sha256") -> bytes:
    """The root that the peaks of a tree fold to."""
    join = digest(hash_name)
    root: bytes | None = None
    for level in sorted(peaks):
        root = peaks[level] if root is None else join(b"\1" + peaks[level] + root)
    return empty_root(hash_name) if root is None else root


def root(leaves: Sequence[bytes], hash_name: str = "sha256") -> bytes:
    """The root of a whole tree given its leaf digests."""
    return root_of_peaks(grow(0, {}, leaves, hash_name).peaks, hash_name)


def reader(leaves: Sequence[bytes], hash_name: str = "sha256") -> Node:
    """Node look-up over leaves held in memory, as the proofs need it."""
    stored = {(level, index): value for level, index, value in grow(0, {}, leaves, hash_name).nodes}
    return lambda level, index: leaves[index] if level == 0 else stored[level, index]


def inclusion_proof(index: int, size: int, node: Node, hash_name: str = "sha256") -> tuple[bytes, ...]:
    """Audit path of leaf `index` (from 0) in the tree of `size` leaves, nearest sibling first."""
    if not 0 <= index < size:
        msg = f"leaf {index} is not in a tree of {size}"
        raise ValueError(msg)
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(_range(middle, high, node, hash_name))
            high = middle
        else:
            path.append(_range(low, middle, node, hash_name))
            low = middle
    return tuple(reversed(path))


def consistency_proof(first: int, second: int, node: Node, hash_name: str = "sha256") -> tuple[bytes, ...]:
    """Proof that the tree of `first` leaves is the beginning of the tree of `second` leaves."""
    if not 0 < first <= second:
        msg = f"no consistency proof from {first} to {second}"
        raise ValueError(msg)
    proof: list[bytes] = []
    low, high, whole = 0, second, True
    while first != high:
        middle = low + _split(high - low)
        if first <= middle:
            proof.append(_range(middle, high, node, hash_name))
            high = middle
        else:
            proof.append(_range(low, middle, node, hash_name))
            low, whole = middle, False
    if not whole:
        proof.append(_range(low, high, node, hash_name))
    return tuple(reversed(proof))


def verify_inclusion(
    leaf: bytes, *, index: int, size: int, root: bytes, proof: Sequence[bytes], hash_name: str = "sha256"
) -> bool:
    """Whether `proof` shows that `leaf` is number `index` of the `size` leaves under `root` (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    join = digest(hash_name)
    place, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            value = join(b"\1" + sibling + value)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            value = join(b"\1" + value + sibling)
        place >>= 1
        last >>= 1
    return last == 0 and value == root


def verify_consistency(
    *,
    first: int,
    first_root: bytes,
    second: int,
    second_root: bytes,
    proof: Sequence[bytes],
    hash_name: str = "sha256",
) -> bool:
    """Whether `proof` shows that the tree (first, first_root) is the beginning of (second, second_root) (RFC 9162)."""
    if not 0 < first <= second:
        return False
    if first == second:
        return first_root == second_root and not proof
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    if not path:
        return False
    join = digest(hash_name)
    place, last = first - 1, second - 1
    while place & 1:
        place >>= 1
        last >>= 1
    old = new = path[0]
    for value in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = join(b"\1" + value + old), join(b"\1" + value + new)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            new = join(b"\1" + new + value)
        place >>= 1
        last >>= 1
    return last == 0 and old == first_root and new == second_root


def _parents(row: Sequence[bytes], hash_name: str) -> list[bytes]:
    pairs = zip(row[::2], row[1::2], strict=False)
    if hash_name == "sha256":
        sha256 = hashlib.sha256
        return [sha256(b"\1" + left + right).digest() for left, right in pairs]
    join = digest(hash_name)
    return [join(b"\1" + left + right) for left, right in pairs]


def _split(count: int) -> int:
    """The largest power of two below count."""
    return 1 << ((count - 1).bit_length() - 1)


def _range(low: int, high: int, node: Node, hash_name: str) -> bytes:
    count = high - low
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return node(level, low >> level)
    middle = low + _split(count)
    return digest(hash_name)(b"\1" + _range(low, middle, node, hash_name) + _range(middle, high, node, hash_name))
