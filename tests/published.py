"""Whether a document is as a published JSON Schema says: the keywords that ours use, and an error for any other."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

TYPES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}
SAID = {"$schema", "title", "description"}
READ = {"type", "properties", "required", "additionalProperties", "items", "pattern", "enum", "minimum", "anyOf"}


def faults(document: Any, schema: Mapping[str, Any], at: str = "$") -> Iterator[str]:  # noqa: ANN401 - JSON
    """What does not fit, by place."""
    assert set(schema) <= SAID | READ, f"{at}: nobody checks {set(schema) - SAID - READ}"
    if "anyOf" in schema and all(any(faults(document, one, at)) for one in schema["anyOf"]):
        yield f"{at}: none of anyOf"
    named = schema.get("type", list(TYPES))
    allowed = [named] if isinstance(named, str) else named
    if not any(_is(document, name) for name in allowed):
        yield f"{at}: {document!r} is not {allowed}"
    if "enum" in schema and document not in schema["enum"]:
        yield f"{at}: {document!r} is none of {schema['enum']}"
    if isinstance(document, str) and "pattern" in schema and not re.search(schema["pattern"], document):
        yield f"{at}: {document!r} is not like {schema['pattern']}"
    if isinstance(document, int) and "minimum" in schema and document < schema["minimum"]:
        yield f"{at}: {document} is below {schema['minimum']}"
    if isinstance(document, list):
        for number, item in enumerate(document):
            yield from faults(item, schema.get("items", {}), f"{at}[{number}]")
    if isinstance(document, dict):
        yield from (f"{at}: no {name}" for name in schema.get("required", ()) if name not in document)
        for name, value in document.items():
            inside = schema.get("properties", {}).get(name, schema.get("additionalProperties", {}))
            if inside is False:
                yield f"{at}: {name} is not known"
            elif inside is not True:
                yield from faults(value, inside, f"{at}.{name}")


def _is(document: object, name: str) -> bool:
    return isinstance(document, TYPES[name]) and not (isinstance(document, bool) and name in {"integer", "number"})
