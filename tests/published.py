"""Whether a document is as a published JSON Schema says (draft 2020-12), asked of the standard validator."""

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator


def faults(document: Any, schema: Mapping[str, Any]) -> Iterator[str]:  # noqa: ANN401 - JSON
    """What does not fit, by place."""
    for error in Draft202012Validator(schema).iter_errors(document):
        yield f"{error.json_path}: {error.message}"
