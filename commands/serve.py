"""`serve` and `run`: the server, alone or with the demonstration living beside it."""

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread

from rich.table import Table

import server
import settings
from commands.demo import bank_of
from commands.printing import err, out, refuse, say
from commands.session import chosen_settings, database_url
from postgres.database import Database
from sandbox.leash import held
from seed import demo as demonstration
from seed.office import open_office
from telemetry import watching

QUERY = "{ businessDate trialBalance(book: 1, level: 1) { balanced rows { account { code nameZh } } } }"
"""The first question that a visitor may ask; an accountant's log-in answers it."""


def serve() -> None:
    """Serve the API until Ctrl-C. Example: ZHUDAI_PORT=8000 zhudai serve."""
    with _house() as house, server.at_work(house.clerks):
        server.serve(house, ready=lambda: banner(house))


def run() -> None:
    """Everything for a first look: database, schema, API, and the demonstration. Example: zhudai run."""
    with _house() as house:
        if house.database.run(demonstration.is_complete):
            with server.at_work(house.clerks):
                server.serve(house, ready=lambda: banner(house))
            return
        with err.status("opening books, parties and product, training the model"):
            db = Database(house.database.url, name="zhudai-demo")
            db.run(open_office)
            db.dispose()
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
    places.add_row("the command", f"{_command()} --help")
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


def _command() -> Path:
    """How `zhudai` is reached from here."""
    command = Path(sys.executable).with_name("zhudai")
    return command.relative_to(Path.cwd()) if command.is_relative_to(Path.cwd()) else command


@contextmanager
def _house() -> Iterator[server.House]:
    """The house on the database that the environment names, with a sandbox bank in development."""
    chosen = chosen_settings()
    _port_is_free(chosen)
    server.log(as_json=chosen.log_json, zone=chosen.zone)
    with ExitStack() as stack:
        url = stack.enter_context(database_url())
        bank_url = chosen.bank_url
        if bank_url is None and chosen.development:
            bank_url = stack.enter_context(bank_of(chosen))
        try:
            house = stack.enter_context(server.opened(chosen, url, bank_url=bank_url, watch=watching()))
        except server.AnchorsBroken as why:
            refuse(why.code, f"{why}: this is not the newest database, restore a later backup or ask the auditor")
        yield house


def _port_is_free(chosen: settings.Settings) -> None:
    """Refuse before anything is started what would fail at its end."""
    family = socket.AF_INET6 if ":" in chosen.host else socket.AF_INET
    try:
        with socket.create_server((chosen.host, chosen.port), family=family):
            pass
    except OSError as why:
        place, said = f"{chosen.host}:{chosen.port}", os.strerror(why.errno or 0)
        refuse("ADDRESS_UNAVAILABLE", f"cannot listen on {place} ({said}): stop what does, or set ZHUDAI_PORT")


@contextmanager
def _year(house: server.House) -> Iterator[None]:
    """The demonstration in a process of its own; when it is done, the clerks begin."""
    environ = {**os.environ, "DATABASE_URL": house.database.url, "ZHUDAI_BANK_URL": house.bank_url or ""}
    is_over = Event()
    with ExitStack() as stack:
        year = stack.enter_context(held(["cli", "demo", "--leashed"], env=environ))

        def begin() -> None:
            ended = year.wait()
            if is_over.is_set():
                return  # it was told to stop: it goes on at the next start
            if ended == 0:
                stack.enter_context(server.at_work(house.clerks))
            else:
                say("DEMO_STOPPED", f"the demonstration ended with {ended}: its words are above, start again to go on")

        waiting = Thread(target=begin, name="demonstration")
        waiting.start()
        try:
            yield
        finally:
            is_over.set()
            year.terminate()
            waiting.join()
