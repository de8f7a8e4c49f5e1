"""`serve` and `run`: the server, alone or with the demonstration living beside it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Thread

from rich.table import Table

import server
import settings
from commands.session import chosen_settings, database_url, err, out, refuse
from postgres.database import Database
from sandbox import process
from seed import demo as demonstration
from seed.office import open_office

QUERY = "{ businessDate trialBalance(book: 1, level: 1) { balanced rows { account { code nameZh } } } }"
"""The first question that a visitor may ask; an accountant's log-in answers it."""


def serve() -> None:
    """Serve the API until Ctrl-C. Example: ZHUDAI_PORT=8000 zhudai serve."""
    with _house() as house, server.at_work(house.clerks):
        server.serve(house, ready=lambda: banner(house))


def run() -> None:
    """Everything for a first look: database, schema, API, and the demonstration. Example: zhudai run."""
    with _house() as house:
        with err.status("opening books, parties and product, training the model"):
            db = Database(house.database.url, name="zhudai-demo")
            db.run(open_office)
            db.dispose()
        if house.database.run(demonstration.is_complete):
            with server.at_work(house.clerks):
                server.serve(house, ready=lambda: banner(house))
            return
        with _year(house):
            server.serve(house, ready=lambda: banner(house, is_loading=True))


def banner(house: server.House, *, is_loading: bool = False) -> None:
    """Print where everything is, a log-in per role, and a query that can be pasted."""
    chosen = house.settings
    base = f"http://{chosen.host}:{chosen.port}"
    places = Table(title="Zhudai 助贷", show_header=False)
    for name, path in (
        ("GraphQL, with an explorer", "/graphql"),
        ("channel messages", "/channel/v1"),
        ("health", "/health/ready"),
        ("metrics", "/metrics"),
    ):
        places.add_row(name, base + path)
    out.print(places)
    if chosen.development:
        err.print(
            "[bold yellow]DEVELOPMENT KEYS[/bold yellow] everybody can know them: this server binds to loopback only"
        )
        sys.stdout.write("One log-in per role (Authorization: Bearer …):\n")
        for role, token in house.dev_tokens:
            sys.stdout.write(f"  {role:18} {token}\n")  # whole, for copying
        token = dict(house.dev_tokens)["accountant"]
        headers = f"-H 'Content-Type: application/json' -H 'Authorization: Bearer {token}'"
        asked = json.dumps({"query": QUERY})
        sys.stdout.write(f"A first question:\n  curl -s {base}/graphql {headers} -d '{asked}'\n")
    if is_loading:
        err.print("The demonstration is being lived through; the API answers meanwhile. Its figures come at the end.")
    sys.stdout.flush()


@contextmanager
def _house() -> Iterator[server.House]:
    """The house on the database that the environment names, with a sandbox bank in development."""
    chosen = chosen_settings()
    server.log(as_json=chosen.log_json)
    with ExitStack() as stack:
        url = stack.enter_context(database_url())
        bank_url = chosen.bank_url
        if bank_url is None and chosen.development:
            bank_url = stack.enter_context(process.running(settings.DATA / "bank", key=chosen.bank_key))
        try:
            house = stack.enter_context(server.opened(chosen, url, bank_url=bank_url))
        except server.AnchorsBroken as why:
            refuse(why.code, f"{why}: this is not the newest database, restore a later backup or ask the auditor")
        yield house


@contextmanager
def _year(house: server.House) -> Iterator[None]:
    """The demonstration in a process of its own; when it is done, the clerks begin."""
    environ = {**os.environ, "DATABASE_URL": house.database.url, "ZHUDAI_BANK_URL": house.bank_url or ""}
    year = subprocess.Popen([sys.executable, "-m", "cli", "demo"], env=environ, process_group=0)
    with ExitStack() as stack:

        def begin() -> None:
            if year.wait() == 0:
                stack.enter_context(server.at_work(house.clerks))

        waiting = Thread(target=begin, name="demonstration")
        waiting.start()
        try:
            yield
        finally:
            year.terminate()  # it goes on at the next start, where it stopped
            waiting.join()
