"""What can be asked: each field reads once, in the one snapshot of its operation."""

from __future__ import annotations

import strawberry

from graphql_api.types.field import field


@strawberry.type(description="Everything that can be read.")
class Query:
    """The root of all questions."""

    @field("Version of this interface.")
    def version(self) -> str:
        """Version of this interface."""
        return "1"
