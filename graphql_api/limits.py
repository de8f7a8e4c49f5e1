"""How large a question may be: depth, breadth, aliases, directives and cost, measured in one pass over the document.

The pass remembers what each fragment measures, so a fragment that is spread a thousand times is walked once, and
every sum stops at `CEILING`; the work is linear in the document, however far the fragments would unfold. (Limiters
that unfold each spread are themselves a denial of service: 22 fragments that each spread the next one twice are four
million visits.)

Cost counts objects, not scalars: an object field costs 1 and a list multiplies what is inside it by the page that is
asked for. The variables are part of the measurement, because `first: $n` is a page of n.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, NamedTuple

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from graphql import DocumentNode, GraphQLField, GraphQLSchema, SelectionNode, SelectionSetNode, ValueNode

CEILING = 10**9
"""Sums stop here, so that no document makes a large integer."""
PAGE_DEFAULT = 20
"""Length of a page when neither `first` nor `last` is given."""
LIST_ASSUMED = 10
"""Length that is assumed of a list that has no pages (the instalments of a schedule, say)."""
MUTATION_COST = 10
"""What a root field of a mutation costs by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The largest request that is answered; one more of anything is refused before execution."""

    body: int = 1024 * 1024
    """Bytes of the request body."""
    tokens: int = 2_000
    """Lexical tokens of the document."""
    depth: int = 12
    """Nested fields, leaves included, fragments unfolded."""
    introspection_depth: int = 20
    """Nested fields below `__schema` and `__type`: tools ask for types of types of types."""
    aliases: int = 30
    directives: int = 50
    root_fields: int = 20
    fields: int = 500
    """All fields, fragments unfolded."""
    cost: int = 1_000
    list_size: int = 100
    """Length of one page."""
    errors: int = 10
    """Errors that are told in one response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What a document amounts to; names are those of the limits."""

    depth: int
    introspection_depth: int
    root_fields: int
    fields: int
    aliases: int
    directives: int
    list_size: int
    cost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Exceeded:
    """The first limit that a document breaks."""

    name: str
    limit: int
    actual: int

    @property
    def code(self) -> str:
        """Stable code of the refusal, `LIMIT_DEPTH` for instance."""
        return f"LIMIT_{self.name.upper()}"

    @property
    def message(self) -> str:
        """One sentence with both figures."""
        return f"The request exceeds the limit of {self.name.replace('_', ' ')}: {self.actual} of at most {self.limit}."


class Weight(NamedTuple):
    """What one field of one type weighs."""

    cost: int
    size: int
    """Assumed length when the field is a list, else 1."""
    paged: bool
    """Whether `first` and `last` choose the length."""
    child: str
    """Name of the composite type below the field, or an empty string at a leaf."""


Weights = dict[str, dict[str, Weight]]
"""Weights of all fields of a schema, by type name and field name."""

_UNKNOWN = Weight(cost=1, size=1, paged=False, child="")
_STRUCTURE = ("Edge", "PageInfo")


def weights(schema: GraphQLSchema, *, free: Collection[str] = ()) -> Weights:
    """Read the weights of all fields out of a schema; objects of the types in `free` are values and cost nothing."""
    composite = [
        kind for kind in schema.type_map.values() if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType))
    ]
    table = {
        kind.name: {name: _weight(kind.name, field, free) for name, field in kind.fields.items()}
        for kind in composite
        if not kind.name.startswith("__")
    }
    if schema.mutation_type is not None:
        root = table[schema.mutation_type.name]
        root.update({name: one._replace(cost=MUTATION_COST) for name, one in root.items()})
    return table


def _weight(parent: str, field: GraphQLField, free: Collection[str]) -> Weight:
    """Weigh one field by its type: leaves and values are free, pages and lists multiply."""
    named = get_named_type(field.type)
    if not is_composite_type(named):
        return Weight(cost=0, size=1, paged=False, child="")
    paged = "first" in field.args
    listed = is_list_type(get_nullable_type(field.type)) and not parent.endswith("Connection")
    return Weight(
        cost=0 if named.name in free or named.name.endswith(_STRUCTURE) else 1,
        size=PAGE_DEFAULT if paged else LIST_ASSUMED if listed else 1,
        paged=paged,
        child=named.name,
    )


class _Part(NamedTuple):
    """What one selection set amounts to, fragments unfolded."""

    depth: int = 0
    introspection_depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    list_size: int = 0
    cost: int = 0
    width: int = 0
    """Fields at the top of this selection set."""

    def beside(self, other: _Part) -> _Part:
        """Put two parts of the same selection set beside each other."""
        return _Part(
            max(self.depth, other.depth),
            max(self.introspection_depth, other.introspection_depth),
            min(self.fields + other.fields, CEILING),
            min(self.aliases + other.aliases, CEILING),
            min(self.directives + other.directives, CEILING),
            max(self.list_size, other.list_size),
            min(self.cost + other.cost, CEILING),
            min(self.width + other.width, CEILING),
        )


class _Pass:
    """One walk over one document with the variables of one request."""

    def __init__(self, document: DocumentNode, variables: Mapping[str, object], table: Weights) -> None:
        self.fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self.variables = variables
        self.table = table
        self.known: dict[str, _Part] = {}

    def selections(self, chosen: SelectionSetNode, parent: str) -> _Part:
        """Measure a selection set on a type."""
        whole = _Part()
        for node in chosen.selections:
            whole = whole.beside(self.selection(node, parent))
        return whole

    def selection(self, node: SelectionNode, parent: str) -> _Part:
        """Measure a field, an inline fragment or a spread with its directives."""
        if isinstance(node, FieldNode):
            part = self.field(node, parent)
        elif isinstance(node, InlineFragmentNode):
            on = node.type_condition.name.value if node.type_condition else parent
            part = self.selections(node.selection_set, on)
        elif isinstance(node, FragmentSpreadNode):
            part = self.spread(node.name.value)
        else:  # pragma: no cover - the language has three kinds of selection
            part = _Part()
        count = len(node.directives or ())
        return part._replace(directives=min(part.directives + count, CEILING)) if count else part

    def spread(self, name: str) -> _Part:
        """Measure a fragment once; a fragment inside itself counts nothing here and is refused by validation."""
        if name not in self.known:
            self.known[name] = _Part()
            fragment = self.fragments.get(name)
            if fragment is not None:
                part = self.selections(fragment.selection_set, fragment.type_condition.name.value)
                count = len(fragment.directives or ())
                self.known[name] = part._replace(directives=min(part.directives + count, CEILING))
        return self.known[name]

    def field(self, node: FieldNode, parent: str) -> _Part:
        """Measure a field with what is below it; a list multiplies the cost of what is below."""
        name = node.name.value
        aliases = 1 if node.alias else 0
        weight = self.table.get(parent, {}).get(name, _UNKNOWN)
        if node.selection_set is None:
            return _Part(depth=1, fields=1, aliases=aliases, width=1)
        inner = self.selections(node.selection_set, weight.child)
        if name in {"__schema", "__type"}:
            below = 1 + inner.depth
            return inner._replace(depth=1, introspection_depth=below, cost=1, aliases=inner.aliases + aliases, width=1)
        size = self.page(node) if weight.paged else None
        times = weight.size if size is None else max(1, min(size, CEILING))
        return _Part(
            inner.depth + 1,
            inner.introspection_depth,
            min(inner.fields + 1, CEILING),
            min(inner.aliases + aliases, CEILING),
            inner.directives,
            max(inner.list_size, size or 0),
            min(weight.cost + times * inner.cost, CEILING),
            1,
        )

    def page(self, node: FieldNode) -> int | None:
        """Length of the page that the arguments ask for; both given, the longer one."""
        asked = [self.integer(one.value) for one in node.arguments or () if one.name.value in {"first", "last"}]
        return max((size for size in asked if size is not None), default=None)

    def integer(self, value: ValueNode) -> int | None:
        """Read a literal or a variable as an integer; anything else is left to validation."""
        if isinstance(value, IntValueNode):
            return int(value.value[:18])  # longer literals are far beyond every limit already
        if isinstance(value, VariableNode):
            given = self.variables.get(value.name.value)
            return given if isinstance(given, int) else None
        return None


def measure(
    document: DocumentNode,
    *,
    table: Weights,
    roots: Mapping[str, str],
    variables: Mapping[str, object],
    operation: OperationDefinitionNode,
) -> Measure:
    """Measure a document for one of its operations.

    `roots` names the root type of each kind of operation (`query` → `Query`). Counts are of the whole document, since
    all of it is validated; cost is of the operation that will run.
    """
    walk = _Pass(document, {**_defaults(operation), **variables}, table)
    whole, cost = _Part(), 0
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            part = walk.selections(node.selection_set, roots.get(node.operation.value, ""))
            cost = part.cost if node is operation else cost
            count = len(node.directives or ()) + sum(
                len(one.directives or ()) for one in node.variable_definitions or ()
            )
            width = max(whole.width, part.width)
            whole = whole.beside(part._replace(directives=min(part.directives + count, CEILING)))._replace(width=width)
    return Measure(
        depth=whole.depth,
        introspection_depth=whole.introspection_depth,
        root_fields=whole.width,
        fields=whole.fields,
        aliases=whole.aliases,
        directives=whole.directives,
        list_size=whole.list_size,
        cost=cost,
    )


def _defaults(operation: OperationDefinitionNode) -> dict[str, object]:
    """Integer defaults of the operation's variables."""
    given: Iterable[tuple[str, ValueNode | None]] = (
        (one.variable.name.value, one.default_value) for one in operation.variable_definitions or ()
    )
    return {name: int(value.value[:18]) for name, value in given if isinstance(value, IntValueNode)}


def exceeded(measured: Measure, limits: Limits) -> Exceeded | None:
    """Return the first limit that the measure breaks, or None."""
    for one in fields(measured):
        actual, limit = getattr(measured, one.name), getattr(limits, one.name)
        if actual > limit:
            return Exceeded(name=one.name, limit=limit, actual=actual)
    return None
