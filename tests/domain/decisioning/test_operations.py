import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DBAPIError

from domain.command import Command
from domain.decisioning import queries
from domain.decisioning.decide import DecisionConflict, content_hash, replayed
from domain.decisioning.facts import Decision, Outcome, Stage
from domain.decisioning.operations import Bench, decide, publish_ruleset, register_model, step_model
from domain.decisioning.registry import ModelState, ModelStepImpossible, ModelVersion
from domain.decisioning.ruleset import RuleSet, RulesetUnproved, RulesetVersionTaken
from domain.decisioning.tables import decision as decision_table
from domain.refusals import NotFound, SamePerson
from postgres.database import Database
from risk.model import ModelRefused
from risk.rules.analyse import proved
from seed import german
from tests.domain.decisioning.conftest import Real

Make = Callable[..., Command]


def prepared(conn: Connection, command: Command) -> ModelVersion:
    """Publish the standard pack and register the demonstration's model."""
    assert isinstance(publish_ruleset(conn, german.pack_text(), prove=proved, command=command), RuleSet)
    return register_model(conn, german.registration(german.trained()), command=command)


def test_a_decision_is_stored_whole_and_runs_again_to_the_same_bytes(
    conn: Connection, real: Real, command: Make
) -> None:
    prepared(conn, command())
    outcomes = set()
    for row in range(1, 61):
        made = decide(
            conn, real.request(row), assess=real.assess, evaluate=real.evaluate, pack=real.ruleset, command=command()
        )
        assert isinstance(made, Decision)
        outcomes.add(made.outcome)
        stored = queries.decision(conn, made.decision_id)
        assert stored == made
        kept = conn.scalar(
            select(decision_table.c.content_hash).where(decision_table.c.decision_id == made.decision_id)
        )
        assert content_hash(stored.judgement) == kept
        pack = queries.ruleset_by_hash(conn, stored.judgement.ruleset_hash)
        assert pack is not None
        assert stored.judgement.assessed is not None
        model = queries.model_by_hash(conn, stored.judgement.assessed.model_hash)
        assert model is not None
        if row <= 5:
            again = german.scorer(model)
            assert not isinstance(again, ModelRefused)
            assert replayed(stored, assess=again, evaluate=real.evaluate, ruleset=pack)
        else:
            assert replayed(stored, assess=real.assess, evaluate=real.evaluate, ruleset=pack)
    assert outcomes == set(Outcome)


def test_a_decision_without_a_score_is_stored_too(conn: Connection, real: Real, command: Make) -> None:
    prepared(conn, command())
    request = real.request(1, savings=None, age="old")
    made = decide(conn, request, assess=real.assess, evaluate=real.evaluate, pack=real.ruleset, command=command())
    assert isinstance(made, Decision)
    assert (made.outcome, made.score) == (Outcome.REFER, None)
    assert queries.decision(conn, made.decision_id) == made


def test_the_same_question_gets_the_stored_answer(conn: Connection, real: Real, command: Make) -> None:
    prepared(conn, command())

    def ask(**changes: Any) -> Decision | DecisionConflict:  # noqa: ANN401 - facts of any type
        return decide(
            conn,
            real.request(3, **changes),
            assess=real.assess,
            evaluate=real.evaluate,
            pack=real.ruleset,
            command=command(key=f"k{changes}"),
        )

    first, again, other, fresh = ask(), ask(), ask(term=6), ask(term=6, attempt=2)
    assert isinstance(first, Decision)
    assert isinstance(again, Decision)
    assert (again.is_replay, again.decision_id, first.is_replay) == (True, first.decision_id, False)
    assert other == DecisionConflict(stage="PRE_APPROVAL", decision_id=first.decision_id)
    assert isinstance(fresh, Decision)
    assert conn.scalar(select(func.count()).select_from(decision_table)) == 2


def test_the_bench_finds_the_rules_of_the_day(conn: Connection, real: Real, command: Make) -> None:
    prepared(conn, command())
    bench = Bench(assess=real.assess, evaluate=real.evaluate)
    found = bench(conn, real.request(1), pack="german-standard", command=command())
    assert found.judgement.ruleset_hash == real.ruleset.hash
    early = replace(real.request(2), decided_on=date(2024, 12, 31))
    with pytest.raises(AssertionError):
        bench(conn, early, pack="german-standard", command=command())


def test_two_workers_make_one_decision(db: Database, real: Real, command: Make) -> None:
    with db.transaction() as conn:
        prepared(conn, command())
    made: list[Decision | DecisionConflict] = []

    def ask() -> None:
        with db.transaction() as conn:
            made.append(
                decide(
                    conn,
                    real.request(7),
                    assess=real.assess,
                    evaluate=real.evaluate,
                    pack=real.ruleset,
                    command=command(),
                )
            )

    workers = [threading.Thread(target=ask) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len({one.decision_id for one in made}) == 1
    assert sorted(isinstance(one, Decision) and one.is_replay for one in made) == [False, True, True, True]


def test_what_is_not_proved_is_not_published(conn: Connection, command: Make) -> None:
    broken = german.pack_text().replace('"< 507"', '"< 506"')
    found = publish_ruleset(conn, broken, prove=proved, command=command())
    assert isinstance(found, RulesetUnproved)
    assert "score = 506" in found.message
    assert queries.ruleset_on(conn, name="german-standard", on=date(2025, 6, 1)) is None


def test_a_published_version_never_changes(conn: Connection, command: Make) -> None:
    first = publish_ruleset(conn, german.pack_text(), prove=proved, command=command())
    again = publish_ruleset(conn, german.pack_text(), prove=proved, command=command())
    assert first == again
    changed = german.pack_text().replace('"validity_days": 30', '"validity_days": 31')
    assert publish_ruleset(conn, changed, prove=proved, command=command()) == RulesetVersionTaken(
        name="german-standard", version=1
    )
    following = changed.replace('"version": 1', '"version": 2').replace("2025-01-01", "2025-07-01")
    second = publish_ruleset(conn, following, prove=proved, command=command())
    assert queries.ruleset_on(conn, name="german-standard", on=date(2025, 6, 30)) == first
    assert queries.ruleset_on(conn, name="german-standard", on=date(2025, 7, 1)) == second


def test_a_model_steps_through_its_life_between_people(conn: Connection, command: Make) -> None:
    model = prepared(conn, command("trainer"))
    one = model.model_id
    assert (model.state, queries.champion(conn, "german")) == (ModelState.DRAFT, None)
    assert register_model(conn, model.registration, command=command("somebody")) == model
    assert step_model(conn, one, to=ModelState.VALIDATED, command=command("trainer")) == SamePerson()
    assert step_model(conn, one, to=ModelState.CHAMPION, command=command("checker")) == ModelStepImpossible(
        from_state=ModelState.DRAFT, to_state=ModelState.CHAMPION
    )
    assert isinstance(step_model(conn, one, to=ModelState.VALIDATED, command=command("checker")), ModelVersion)
    assert step_model(conn, one, to=ModelState.CHAMPION, command=command("checker")) == SamePerson()
    assert isinstance(step_model(conn, one, to=ModelState.CHAMPION, command=command("officer")), ModelVersion)
    serving = queries.champion(conn, "german")
    assert serving is not None
    assert serving.model_id == one
    assert not isinstance(german.scorer(serving), ModelRefused)
    assert step_model(conn, 999_999, to=ModelState.RETIRED, command=command()) == NotFound(what="model")


def test_a_new_champion_retires_the_old_one(conn: Connection, command: Make) -> None:
    old = prepared(conn, command("trainer"))
    content = b"no model"
    other = replace(old.registration, content=content, sha256=hashlib.sha256(content).hexdigest())
    new = register_model(conn, other, command=command("trainer"))
    for model in (old, new):
        step_model(conn, model.model_id, to=ModelState.VALIDATED, command=command("checker"))
        step_model(conn, model.model_id, to=ModelState.CHAMPION, command=command("officer"))
    serving, before = queries.champion(conn, "german"), queries.model(conn, old.model_id)
    assert serving is not None
    assert before is not None
    assert (serving.model_id, before.state) == (new.model_id, ModelState.RETIRED)
    # A file that is no model is refused when it is to serve.
    assert isinstance(german.scorer(serving), ModelRefused)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE decisioning.decision SET outcome = 'PASS'",
        "DELETE FROM decisioning.decision_reason",
        "UPDATE decisioning.ruleset SET version = 9",
        "DELETE FROM decisioning.model_state",
        "UPDATE decisioning.model_file SET content = ''",
        "TRUNCATE decisioning.decision CASCADE",
    ],
)
def test_facts_are_append_only(conn: Connection, statement: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), conn.begin_nested():
        conn.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO decisioning.model_file VALUES (repeat('0', 64), 'x')",
        "INSERT INTO decisioning.ruleset VALUES (repeat('0', 64), 'n', 1, '2025-01-01', '{}', now(), 'a')",
    ],
)
def test_content_and_hash_belong_together(conn: Connection, statement: str) -> None:
    with pytest.raises(DBAPIError, match="check constraint"), conn.begin_nested():
        conn.execute(text(statement))


def test_stages_are_kept_apart(conn: Connection, real: Real, command: Make) -> None:
    prepared(conn, command())
    for stage in Stage:
        decide(
            conn,
            real.request(1, stage=stage),
            assess=real.assess,
            evaluate=real.evaluate,
            pack=real.ruleset,
            command=command(),
        )
    assert [one.stage for one in queries.of_application(conn, 1)] == [Stage.PRE_APPROVAL, Stage.ANTI_FRAUD]
