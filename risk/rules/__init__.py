"""The decision table engine: typed, three-valued, fail-closed, and proved before release.

Facts that are missing or invalid are unknown, and what is unknown is referred to a person, never passed. Every row
says why it hit, why not, or what it would have to know. Read `ir`, `load`, `analyse`, `evaluate`, `trace`.
"""
