"""A transaction answers for a component, also for one that it did not touch."""

from datetime import date

from domain.servicing.progress import F, P
from domain.servicing.transaction import Transaction


def test_a_component_that_was_not_met_is_nought() -> None:
    made = Transaction(
        fact_no=1, kind="REPAYMENT", on=date(2026, 1, 1), amount=5, split={P: 5}, excess=0, outstanding=9
    )
    assert (made.portion(P), made.portion(F)) == (5, 0)
