from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import Connection, event

from domain.command import Command
from domain.decisioning import queries
from domain.decisioning.facts import Decision, Stage
from domain.decisioning.operations import decide, publish_ruleset, register_model
from risk.rules.analyse import proved
from seed import german
from tests.domain.decisioning.conftest import Real

Make = Callable[..., Command]


def decided(
    conn: Connection,
    real: Real,
    command: Command,
    row: int,
    *,
    attempt: int = 1,
    **changes: Any,  # noqa: ANN401 - facts of any type
) -> Decision:
    publish_ruleset(conn, german.pack_text(), prove=proved, command=command)
    register_model(conn, german.registration(german.trained()), command=command)
    made = decide(
        conn,
        real.request(row, attempt=attempt, **changes),
        assess=real.assess,
        evaluate=real.evaluate,
        pack=real.ruleset,
        command=command,
    )
    assert isinstance(made, Decision)
    return made


def test_the_latest_attempt_of_a_stage_counts(conn: Connection, real: Real, command: Make) -> None:
    first = decided(conn, real, command(), 1)
    second = decided(conn, real, command(), 1, attempt=2, term=12)
    fraud = decided(conn, real, command(), 1, stage=Stage.ANTI_FRAUD)
    assert queries.of_application(conn, 1) == (second, fraud)
    assert queries.decisions_of(conn, 1) == (first, second, fraud)
    assert queries.at_stage(conn, application_id=1, stage=Stage.PRE_APPROVAL, attempt=1) == first


def test_many_applications_cost_two_statements(conn: Connection, real: Real, command: Make) -> None:
    made = [decided(conn, real, command(), row) for row in range(1, 6)]
    statements: list[str] = []
    event.listen(conn, "before_cursor_execute", lambda *given: statements.append(given[2]))
    found = queries.decisions_of_many(conn, range(1, 10))
    assert found == {one.application_id: (one,) for one in made}
    assert len(statements) == 2


def test_what_is_not_there_is_none(conn: Connection) -> None:
    assert queries.decision(conn, 1) is None
    assert queries.of_application(conn, 1) == ()
    assert queries.decisions_of(conn, 1) == ()
    assert queries.ruleset_by_hash(conn, "0" * 64) is None
    assert queries.ruleset_on(conn, name="german-standard", on=date(2025, 1, 1)) is None
    assert queries.champion(conn, "german") is None
    assert queries.model(conn, 1) is None
    assert queries.model_by_hash(conn, "0" * 64) is None
