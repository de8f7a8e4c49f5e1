"""Hatchling's hook: the distribution's dependencies are the lines of requirements.in, standing in one place."""

from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class RequirementsIn(MetadataHookInterface):
    """Reads requirements.in into the metadata's `dependencies`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Fill in `dependencies`; comments and blank lines are left out."""
        lines = (Path(self.root) / "requirements.in").read_text(encoding="utf-8").splitlines()
        metadata["dependencies"] = [line for line in lines if line and not line.startswith("#")]
