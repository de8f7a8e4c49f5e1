"""`closeDay` orders and the house works: one run per date, watched while it goes on; `closePeriod` ends a month."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

import server
from domain.calendar import SHANGHAI
from domain.day import operations as days
from domain.day import queries as run_queries
from domain.day.operations import Closed
from graphql_api.auth import Role
from ledger import books
from seed.chart import LENDER_BOOK
from tests.domain.origination.world import TODAY

if TYPE_CHECKING:
    from datetime import tzinfo

    from tests.graphql_api.asking import Asking

RUN = """id businessOn state nextStep chunksDone chunksTotal orderedBy begunAt closedAt
    steps { step chunks loans entries amountMinor }"""
ORDERED = f"... on CloseDayResult {{ isReplay run {{ {RUN} }} }}"
WATCH = f"query($on: Date!) {{ dayRun(on: $on) {{ {RUN} }} }}"


def order(asking: Asking, on: date, *, key: str = "close-0001", locale: str = "en") -> dict[str, Any]:
    given = {"idempotencyKey": key, "businessDate": on.isoformat()}
    return asking.do("closeDay", given, ORDERED, by=Role.OPERATIONS, locale=locale)


def work(asking: Asking, on: date) -> None:
    """What the clerk does."""
    with asking.world() as world:
        told = world.command("clerk", actor="machine")
    assert isinstance(days.close_day(asking.db, on, command=told), Closed)


def test_a_date_is_ordered_watched_and_closed(asking: Asking) -> None:
    asking.disbursed()
    first = order(asking, TODAY)
    assert first["isReplay"] is False
    run = first["run"]
    assert (run["state"], run["nextStep"], run["chunksDone"], run["chunksTotal"]) == (
        "RUNNING",
        "ACCRUE_INTEREST",
        0,
        1,
    )
    assert (run["orderedBy"], run["closedAt"], run["steps"]) == ("a-operations", None, [])
    assert asking.ask(WATCH, on=TODAY.isoformat())["dayRun"] == run
    assert order(asking, TODAY, key="another-key") == {**first, "isReplay": True}
    work(asking, TODAY)
    closed = asking.ask(WATCH, on=TODAY.isoformat())["dayRun"]
    assert (closed["state"], closed["nextStep"], closed["chunksDone"]) == ("CLOSED", None, 1)
    assert [one["step"] for one in closed["steps"]] == [
        "ACCRUE_INTEREST",
        "FALL_DUE",
        "APPLY_OVERPAYMENTS",
        "MOVE_OVERDUE",
        "ACCRUE_PENALTY",
        "AGE",
        "CLOSE_LIVES",
        "COLLECT",
    ]
    assert closed["steps"][0]["loans"] == 1
    assert int(closed["steps"][0]["amountMinor"]) > 0
    assert asking.ask("{ businessDate }")["businessDate"] == (TODAY + timedelta(days=1)).isoformat()
    assert order(asking, TODAY)["run"] == closed, "a late repetition finds the same run, complete"
    node = asking.ask("query($id: ID!) { node(id: $id) { ... on DayRun { businessOn } } }", id=closed["id"])
    assert node == {"node": {"businessOn": TODAY.isoformat()}}


@pytest.mark.parametrize(
    ("days_on", "kind", "code", "en", "zh"),
    [
        (-1, "DayPassed", "DAY_ALREADY_CLOSED", "the books have passed", "账务已过该日"),
        (2, "DayOutOfOrder", "DAY_OUT_OF_ORDER", "2025-01-07 must be closed first", "应先完成 2025-01-07 的日终"),
        (30, "DayInFuture", "DAY_IN_FUTURE", "today is 2025-01-10", "今天是 2025-01-10"),
    ],
)
def test_a_date_that_is_not_next_is_refused_by_name(
    asking: Asking, days_on: int, kind: str, code: str, en: str, zh: str
) -> None:
    order(asking, TODAY)
    work(asking, TODAY)
    asking.at += timedelta(days=4)
    for locale, sentence in (("en", en), ("zh-CN", zh)):
        refused = order(asking, TODAY + timedelta(days=days_on), locale=locale)
        assert (refused["__typename"], refused["code"], refused["field"]) == (kind, code, "businessDate")
        assert sentence in refused["message"]
    assert asking.ask("{ dayRuns { nodes { businessOn } } }")["dayRuns"]["nodes"] == [
        {"businessOn": TODAY.isoformat()}
    ], "what is refused leaves nothing"


def test_a_close_that_the_books_refuse_is_told_and_goes_on_when_it_is_ordered_again(asking: Asking) -> None:
    watch = "query($on: Date!) { dayRun(on: $on) { state nextStep refusal { code message refusedAt } } }"
    asking.disbursed()
    month = TODAY.year * 100 + TODAY.month
    order(asking, TODAY)
    assert asking.ask(watch, on=TODAY.isoformat())["dayRun"]["refusal"] is None
    asking.db.run(lambda conn: books.begin_close(conn, LENDER_BOOK, month))
    assert run_clerk(asking) == 0
    refused = asking.ask(watch, on=TODAY.isoformat())["dayRun"]
    assert (refused["state"], refused["refusal"]["code"]) == ("REFUSED", "PERIOD_CLOSED")
    assert refused["refusal"]["message"] == f"the accounting period is closed: {LENDER_BOOK}/{month}"
    assert asking.db.run(run_queries.running) is None, "nobody tries again by himself"
    assert asking.ask("{ businessDate }")["businessDate"] == TODAY.isoformat()
    again = order(asking, TODAY)
    assert (again["isReplay"], again["run"]["state"]) == (True, "RUNNING")
    run_clerk(asking)
    assert asking.ask(watch, on=TODAY.isoformat())["dayRun"]["state"] == "REFUSED", "the cause is still there"
    asking.db.run(lambda conn: books.reopen(conn, LENDER_BOOK, month))
    order(asking, TODAY)
    assert run_clerk(asking) == 1
    closed = asking.ask(watch, on=TODAY.isoformat())["dayRun"]
    assert (closed["state"], closed["refusal"]) == ("CLOSED", None)
    said = asking.db.run(lambda conn: run_queries.refusals(conn, TODAY))
    assert [(one.no, one.code) for one in said] == [(1, "PERIOD_CLOSED"), (2, "PERIOD_CLOSED")]


def run_clerk(asking: Asking) -> int:
    """One round of the server's clerk."""
    return server.day_clerk(asking.db).job()


@pytest.mark.parametrize(("hour", "zone", "day"), [(15, SHANGHAI, 6), (16, SHANGHAI, 7), (16, UTC, 6)])
def test_a_day_has_come_when_the_clocks_of_the_books_say_so(asking: Asking, hour: int, zone: tzinfo, day: int) -> None:
    asking.at, asking.zone = datetime(2025, 1, 6, hour, tzinfo=UTC), zone
    assert asking.ask("{ businessDate }") == {"businessDate": date(2025, 1, day).isoformat()}
    early = order(asking, date(2025, 1, day + 1))
    assert (early["code"], early["message"][:19]) == ("DAY_IN_FUTURE", f"today is 2025-01-{day:02}")
    assert order(asking, date(2025, 1, day))["isReplay"] is False


def test_many_orders_of_one_date_are_one_run(asking: Asking) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: order(asking, TODAY, key=f"close-{n:04d}"), range(16)))
    assert sorted(one["isReplay"] for one in found) == [False, *[True] * 15]
    assert len({one["run"]["id"] for one in found}) == 1


def test_closes_are_listed_the_latest_first_and_paged(asking: Asking) -> None:
    asking.at += timedelta(days=4)
    for n in range(3):
        order(asking, TODAY + timedelta(days=n))
        work(asking, TODAY + timedelta(days=n))
    listed = (
        "query($after: String) { dayRuns(first: 2, after: $after) { nodes { businessOn } pageInfo { endCursor } } }"
    )
    page = asking.ask(listed)["dayRuns"]
    after = asking.ask(listed, after=page["pageInfo"]["endCursor"])["dayRuns"]
    seen = [one["businessOn"] for one in page["nodes"] + after["nodes"]]
    assert seen == [(TODAY + timedelta(days=n)).isoformat() for n in (2, 1, 0)]
    assert asking.faults(WATCH, on="2024-12-31") == ["NOT_FOUND"]


MONTH = "... on ClosePeriodResult { book month isReplay }"


def test_a_month_is_closed_once_in_order_and_for_ever(asking: Asking) -> None:
    def close(month: int, *, locale: str = "en") -> dict[str, Any]:
        given = {"idempotencyKey": f"month-{month}", "book": 1, "month": month}
        return asking.do("closePeriod", given, MONTH, by=Role.ACCOUNTANT, locale=locale)

    unknown = close(202401)
    assert (unknown["__typename"], unknown["message"], unknown["field"]) == ("NotFound", "no such month", "month")
    early = close(202502, locale="zh-CN")
    assert (early["__typename"], early["message"]) == ("BookRefused", "账务拒绝: LEDGER_CLOSE_ORDER 202502")
    first = close(202501)
    assert first == {"__typename": "ClosePeriodResult", "book": 1, "month": 202501, "isReplay": False}
    assert close(202501) == {**first, "isReplay": True}


def test_of_two_who_close_a_month_at_a_time_one_does_and_the_other_finds_it_closed(asking: Asking) -> None:
    def close(month: int) -> dict[str, Any]:
        given = {"idempotencyKey": f"month-{month}-two", "book": 1, "month": month}
        return asking.do("closePeriod", given, MONTH, by=Role.ACCOUNTANT)

    with ThreadPoolExecutor(2) as pool:
        with asking.db.transaction() as first:
            assert isinstance(books.end_period(first, LENDER_BOOK, 202501), books.Ended)
            later = pool.submit(close, 202501)
            early = close(202502)  # the first has not committed: its month is not closed yet
            assert (early["__typename"], early["message"]) == (
                "BookRefused",
                "the books refuse: LEDGER_CLOSE_ORDER 202502",
            )
            assert not later.done(), "it queues for the month"
        answer = later.result()
    assert answer == {"__typename": "ClosePeriodResult", "book": 1, "month": 202501, "isReplay": True}
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: close(202502), range(4)))
    assert sorted(one["isReplay"] for one in found) == [False, True, True, True]
