"""Documents of requests: parsed and validated once, then remembered, because most requests ask what others asked.

A caller may send the hash of a document in its place once somebody has sent both. That saves bytes and makes a question
short enough for a GET; it allows nothing, since whoever may ask by hash may ask by text, and what was forgotten is sent
again.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Final, TypeVar

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    parse,
    specified_rules,
    validate,
)

K = TypeVar("K")
V = TypeVar("V")

REMEMBERED: Final = 512
"""Documents that are kept, the least recently used is forgotten first."""
REMEMBERED_LENGTH: Final = 16 * 1024
"""Longest document that is kept, in characters."""
_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u(?:0000|\{0+\})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """A document that is not one: where and why; `code` tells a limit from a mistake."""

    code: str
    errors: tuple[GraphQLError, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """The documents of one schema."""

    schema: GraphQLSchema
    tokens_max: int
    errors_max: int
    parsed: OrderedDict[str, DocumentNode | Malformed]
    validated: OrderedDict[tuple[str, bool], tuple[GraphQLError, ...]]
    persisted: OrderedDict[str, str]
    """Texts by their SHA-256 in hexadecimal digits."""
    lock: Lock

    @classmethod
    def of(cls, schema: GraphQLSchema, *, tokens_max: int, errors_max: int) -> Documents:
        """Start with an empty memory."""
        return cls(
            schema=schema,
            tokens_max=tokens_max,
            errors_max=errors_max,
            parsed=OrderedDict(),
            validated=OrderedDict(),
            persisted=OrderedDict(),
            lock=Lock(),
        )

    def parse(self, text: str) -> DocumentNode | Malformed:
        """Parse a text of at most the permitted tokens."""
        known = self._recall(self.parsed, text)
        if known is None:
            known = self._parsed(text)
            self._remember(self.parsed, text, known, len(text))
        return known

    def validate(self, text: str, document: DocumentNode, *, introspection: bool) -> tuple[GraphQLError, ...]:
        """Validate a parsed text; who may not introspect is not told the nearest names either."""
        key = (text, introspection)
        known = self._recall(self.validated, key)
        if known is None:
            rules = specified_rules if introspection else (*specified_rules, NoSchemaIntrospectionCustomRule)
            found = validate(
                self.schema, document, rules, max_errors=self.errors_max, hide_suggestions=not introspection
            )
            known = tuple(found)[: self.errors_max]
            self._remember(self.validated, key, known, len(text))
        return known

    def find(self, sha256: str) -> str | None:
        """Return the text that was persisted under a hash."""
        return self._recall(self.persisted, sha256)

    def persist(self, text: str, sha256: str) -> None:
        """Keep a sound text under its hash."""
        self._remember(self.persisted, sha256, text, len(text))

    def _parsed(self, text: str) -> DocumentNode | Malformed:
        """Parse, and name what is wrong."""
        if _NUL.search(text):
            fault = GraphQLError("The document has a NUL character in a string.")
            return Malformed(code="INVALID_TEXT", errors=(fault,))
        try:
            return parse(text, max_tokens=self.tokens_max)
        except GraphQLError as error:
            if "nested too deeply" in error.message:
                return Malformed(code="LIMIT_DEPTH", errors=(error,))
            code = "LIMIT_TOKENS" if f"more than {self.tokens_max} tokens" in error.message else "GRAPHQL_PARSE_FAILED"
            return Malformed(code=code, errors=(error,))

    def _recall(self, memory: OrderedDict[K, V], key: K) -> V | None:
        """Find and mark as used."""
        with self.lock:
            known = memory.get(key)
            if known is not None:
                memory.move_to_end(key)
            return known

    def _remember(self, memory: OrderedDict[K, V], key: K, value: V, length: int) -> None:
        """Keep, unless it is too long, and forget the oldest."""
        if length > REMEMBERED_LENGTH:
            return
        with self.lock:
            memory[key] = value
            if len(memory) > REMEMBERED:
                memory.popitem(last=False)


def hash_of(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, in hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def operations(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    """Return the operation of this name, or the only one; None when the choice is not clear."""
    found = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is not None:
        found = [node for node in found if node.name and node.name.value == name]
    return found[0] if len(found) == 1 else None
