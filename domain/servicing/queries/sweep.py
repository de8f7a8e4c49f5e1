"""What the steps of the close of business have to book."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Date,
    Select,
    Subquery,
    TextClause,
    and_,
    bindparam,
    exists,
    literal,
    not_,
    select,
    text,
)
from sqlalchemy import cast as sql_cast

from domain.servicing import tables
from domain.servicing.event import EventKind
from domain.servicing.posting import Share
from domain.servicing.queries.fact import instalments, overpaid
from domain.servicing.queries.loan import CHUNK, is_living


def interest_to_accrue(conn: Connection, *, low: int, high: int, on: date) -> list[Share]:
    """Return, per running loan, the interest up to the end of `on` that is not booked yet.

    The arithmetic is that of `interest.accrued`, in integers, for the beginning of the next day.
    """
    return _shares(conn, _INTEREST_TO_ACCRUE, low=low, high=high, to_on=on + timedelta(days=1))


def penalty_to_accrue(conn: Connection, *, low: int, high: int, on: date) -> list[Share]:
    """Return, per overdue instalment, the penalty to the end of `on` less what is booked; below zero to take back.

    The arithmetic is that of `charge.penalty_accrued`; never is more taken back than is still unpaid.
    """
    return _shares(conn, _PENALTY_TO_ACCRUE, low=low, high=high, to_on=on + timedelta(days=1))


def interest_to_move(conn: Connection, *, low: int, high: int, on: date) -> list[Share]:
    """Return the interest of instalments due up to `on` that is neither paid nor moved to receivables yet."""
    return _shares(conn, _interest_moves(), low=low, high=high, to_on=on)


def principal_to_move(conn: Connection, *, low: int, high: int, on: date) -> list[Share]:
    """Return the principal of instalments whose grace ends with `on` that is neither paid nor moved to overdue yet."""
    return _shares(conn, _principal_moves(), low=low, high=high, to_on=on)


def holders_of_overpayment(conn: Connection, *, low: int, high: int) -> list[int]:
    """Return the loans that have something on the overpayment account."""
    r = tables.standing_repayment
    is_plain = not_(is_living(r.c.loan_id))
    asked = select(r.c.loan_id).where(r.c.loan_id.between(low, high), is_plain)
    asked = asked.group_by(r.c.loan_id).having(overpaid(r) > 0)
    return list(conn.scalars(asked.order_by(r.c.loan_id)))


_INTEREST_TO_ACCRUE = text("""
WITH target AS (
  SELECT i.loan_id, sum(CASE WHEN i.due_on <= :to_on THEN i.interest
           ELSE (2 * i.interest * (:to_on - i.from_on) + (i.due_on - i.from_on)) / (2 * (i.due_on - i.from_on)) END
         )::bigint AS booked
  FROM servicing.current_instalment i
  WHERE i.loan_id BETWEEN :low AND :high AND i.from_on < :to_on
    AND NOT EXISTS (SELECT FROM servicing.contract c WHERE c.loan_id = i.loan_id)
  GROUP BY i.loan_id
  HAVING max(i.due_on) >= :to_on  -- the plan still runs
)
SELECT ln.loan_id, 0 AS no, ln.product_id, ln.product_version, ln.book, ln.currency, ln.party_id, ln.funder_id,
       ln.channel_id, t.booked - coalesce(a.booked, 0) AS amount, t.booked
FROM target t
JOIN servicing.loan ln USING (loan_id)
LEFT JOIN LATERAL (
  SELECT a.booked FROM servicing.interest_accrual a WHERE a.loan_id = ln.loan_id ORDER BY a.accrual_id DESC LIMIT 1
) a ON true
WHERE t.booked > coalesce(a.booked, 0)
  AND EXISTS (SELECT FROM servicing.loan_event e WHERE e.loan_id = ln.loan_id AND e.kind = 'DISBURSED')
ORDER BY ln.loan_id
""").bindparams(bindparam("to_on", type_=Date))


_PENALTY_TO_ACCRUE = text("""
WITH measured AS (
  SELECT i.loan_id, i.no,
         i.principal * (:to_on - i.due_on) - coalesce(sum(a.amount * greatest(
           :to_on - CASE WHEN a.paid_on > i.due_on + ln.grace_days THEN a.paid_on ELSE i.due_on END, 0)
         ) FILTER (WHERE a.component <> 'penalty'), 0) AS principal_days,
         coalesce(sum(a.amount) FILTER (WHERE a.component = 'penalty'), 0) AS paid
  FROM servicing.current_instalment i
  JOIN servicing.loan ln USING (loan_id)
  LEFT JOIN servicing.standing_allocation a
    ON a.loan_id = i.loan_id AND a.no = i.no AND a.component IN ('overdue_principal', 'principal', 'penalty')
  WHERE i.loan_id BETWEEN :low AND :high AND i.due_on + ln.grace_days < :to_on
    AND NOT EXISTS (SELECT FROM servicing.contract c WHERE c.loan_id = i.loan_id)
    AND EXISTS (SELECT FROM servicing.loan_event e WHERE e.loan_id = i.loan_id AND e.kind = 'DISBURSED')
  GROUP BY i.loan_id, i.no, i.principal, i.due_on
  -- paid in time and nothing booked, as nearly all history is: left out before any arithmetic
  HAVING i.principal * (:to_on - i.due_on) > coalesce(sum(a.amount * greatest(
           :to_on - CASE WHEN a.paid_on > i.due_on + ln.grace_days THEN a.paid_on ELSE i.due_on END, 0)
         ) FILTER (WHERE a.component <> 'penalty'), 0)
      OR coalesce(sum(a.amount) FILTER (WHERE a.component = 'penalty'), 0) > 0
      OR EXISTS (SELECT FROM servicing.penalty_accrual b WHERE b.loan_id = i.loan_id AND b.no = i.no)
), target AS (
  SELECT ln.*, m.no, greatest(m.paid, div(
           2 * m.principal_days * ln.penalty_rate_annual + unit.days, 2 * unit.days))::bigint AS booked
  FROM measured m
  JOIN servicing.loan ln USING (loan_id)
  CROSS JOIN LATERAL (SELECT CASE ln.day_count WHEN 'ACT/365F' THEN 365 ELSE 360 END AS days) unit
)
SELECT t.loan_id, t.no, t.product_id, t.product_version, t.book, t.currency, t.party_id, t.funder_id, t.channel_id,
       t.booked - coalesce(a.booked, 0) AS amount, t.booked
FROM target t
LEFT JOIN LATERAL (
  SELECT a.booked FROM servicing.penalty_accrual a
  WHERE a.loan_id = t.loan_id AND a.no = t.no ORDER BY a.accrual_id DESC LIMIT 1
) a ON true
WHERE t.booked <> coalesce(a.booked, 0)
ORDER BY t.loan_id, t.no
""").bindparams(bindparam("to_on", type_=Date))


@cache
def _interest_moves() -> Select[Any]:
    p = instalments(CHUNK)
    return _moves(p, p.c.interest - p.c.accrued_paid - p.c.interest_moved, p.c.due_on <= _TO_ON)


@cache
def _principal_moves() -> Select[Any]:
    p = instalments(CHUNK)
    is_time = p.c.due_on + tables.loan.c.grace_days <= _TO_ON
    return _moves(p, p.c.principal - p.c.normal_paid - p.c.principal_moved, is_time)


_TO_ON = bindparam("to_on", type_=Date)


def _shares(conn: Connection, asked: TextClause | Select[Any], *, low: int, high: int, to_on: date) -> list[Share]:
    rows = conn.execute(asked, {"low": low, "high": high, "to_on": to_on})
    return [Share(**row) for row in rows.mappings()]


def _moves(p: Subquery, amount: ColumnElement[Any], is_time: ColumnElement[bool]) -> Select[Any]:
    ln = tables.loan.c
    return (
        select(
            ln.loan_id,
            p.c.no,
            ln.product_id,
            ln.product_version,
            ln.book,
            ln.currency,
            ln.party_id,
            ln.funder_id,
            ln.channel_id,
            sql_cast(amount, BigInteger).label("amount"),
            literal(0).label("booked"),
        )
        .join(tables.loan, ln.loan_id == p.c.loan_id)
        .where(is_time, amount > 0, is_swept())
        .order_by(ln.loan_id, p.c.no)
    )


def is_swept() -> ColumnElement[bool]:
    """Whether the set-based steps are the engine of a loan: it is paid out, and plain."""
    e, ln = tables.loan_event, tables.loan
    is_disbursed = exists().where(e.c.loan_id == ln.c.loan_id, e.c.kind == EventKind.DISBURSED.value)
    return and_(is_disbursed, not_(is_living(ln.c.loan_id)))
