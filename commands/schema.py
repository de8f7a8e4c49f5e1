"""`schema`: the GraphQL schema as text."""

import sys

from graphql_api.schema import printed


def schema() -> None:
    """Print the GraphQL schema. Example: zhudai schema > schema.graphql."""
    sys.stdout.write(printed())
