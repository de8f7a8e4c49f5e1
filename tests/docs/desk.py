"""Where the blocks of a page are run: a directory, a database, a command line and the whole application."""

import asyncio
import io
import shlex
import subprocess
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

import cli
import server
import settings

SHELL = set("|&;<>()$`*?~#\n")
"""Signs that want a shell; everything else is given to the command line directly."""


@dataclass
class Desk:
    """Where the blocks of a page are run."""

    home: Path
    url: str
    environ: Mapping[str, str]
    names: dict[str, object] = field(default_factory=dict)

    def run(self, line: str) -> tuple[int, str]:
        """Run one command: how it ended, and everything that it printed."""
        if line.startswith("zhudai ") and not SHELL & set(line):
            printed = io.StringIO()
            with redirect_stdout(printed), redirect_stderr(printed), pytest.raises(SystemExit) as ended:
                cli.main(shlex.split(line)[1:])
            return int(ended.value.code or 0), printed.getvalue()
        ran = subprocess.run(
            ["sh", "-eu"],
            input=line,
            cwd=self.home,
            env=dict(self.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        return ran.returncode, ran.stdout

    def ask(self, query: str, role: str) -> dict[str, Any]:
        """Ask the whole application, over its own door."""

        async def asked(app: Any, token: str) -> httpx.Response:  # noqa: ANN401 - an ASGI application
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://house") as client:
                return await client.post(
                    "/graphql", json={"query": query}, headers={"authorization": f"Bearer {token}"}, timeout=30
                )

        chosen = settings.read(self.environ, data=self.home / ".data")
        with server.opened(chosen, self.url) as house:
            answer: dict[str, Any] = asyncio.run(asked(house.app, dict(house.dev_tokens)[role])).json()
        answer.pop("extensions", None)
        return answer
