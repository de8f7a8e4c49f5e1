"""The one public language: GraphQL types, inputs, loaders, limits and authentication over the domain.

It owns no rule and writes no SQL; a resolver parses, makes one call, and renders. The printed contract is
schema.graphql.
"""
