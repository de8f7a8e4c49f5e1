from __future__ import annotations

import importlib
import pkgutil

import domain
from domain.metadata import metadata


def test_every_table_of_the_domain_stands_in_the_schema_of_its_module() -> None:
    modules = [one.name for one in pkgutil.walk_packages(domain.__path__, "domain.") if one.name.endswith(".tables")]
    for module in modules:
        importlib.import_module(module)
    assert {table.schema for table in metadata.tables.values()} == {module.split(".")[1] for module in modules}
