"""The bank's own books, without HTTP."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from sandbox.behaviour import Behaviour
from sandbox.books import Books, Order

ORDER = Order(
    order_no="A1", kind="PAY", amount=100, currency="CNY", business_on="2026-03-05", card_number="6222021234560000"
)


def test_what_is_written_is_there_after_opening_again(tmp_path: Path) -> None:
    first = Books(tmp_path / "books.sqlite3")
    answers = first.take("m", [ORDER])
    first.script(target="card:0001", behaviour=Behaviour.CARD_INVALID)
    again = Books(tmp_path / "books.sqlite3")  # the first one is never closed, as after a kill
    assert again.query("m", ["A1"]) == answers
    assert again.behaviour(replace(ORDER, card_number="6222021234560001")) is Behaviour.CARD_INVALID
    again.close()
    first.close()


def test_merchants_do_not_see_each_other(tmp_path: Path) -> None:
    books = Books(tmp_path / "books.sqlite3")
    books.take("m", [ORDER])
    assert books.query("other", ["A1"])[0]["code"] == "N-ORD-001"
    assert b"A1" not in books.day_file("other", date(2026, 3, 5))
    books.close()


def test_a_batch_is_taken_whole_or_not_at_all(tmp_path: Path) -> None:
    books = Books(tmp_path / "books.sqlite3")
    broken = replace(ORDER, order_no="A2", amount=2**70)
    with pytest.raises(OverflowError):
        books.take("m", [ORDER, broken])
    assert books.query("m", ["A1"])[0]["code"] == "N-ORD-001"
    books.close()
