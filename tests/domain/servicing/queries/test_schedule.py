"""Every schedule of a loan is kept."""

from datetime import timedelta

from sqlalchemy import Connection

from domain.servicing.event import ScheduleReason
from domain.servicing.queries.position import position as position_on
from domain.servicing.queries.repayment import repayment, repayments, repayments_by_key
from domain.servicing.queries.schedule import schedule, schedule_versions
from domain.servicing.repayment import Intent
from tests.domain.servicing.world import START, World, close


def test_every_schedule_that_a_loan_had_is_kept_with_its_reason(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn)
    close(conn, START, START + timedelta(days=9))
    on = START + timedelta(days=10)
    position = position_on(conn, loan_id=loan_id, on=on)
    assert position is not None
    payoff = f"{position.payoff.total // 100}.{position.payoff.total % 100:02d}"
    done = world.repay(conn, loan_id, payoff, on, intent=Intent.SETTLE)
    versions = schedule_versions(conn, loan_id)
    assert [one.reason for one in versions] == [ScheduleReason.ORIGINAL, ScheduleReason.EARLY_SETTLEMENT]
    assert [len(one.schedule.instalments) for one in versions] == [12, 1]
    assert schedule(conn, loan_id) == versions[-1].schedule
    (kept,) = repayments(conn, loan_id)
    assert kept == repayment(conn, done.repayment_id)
    assert repayments_by_key(conn, [kept.key, "nobody"]) == {kept.key: kept}
