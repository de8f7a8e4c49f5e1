"""A line knows what is open of it, and shows itself as a value."""

from datetime import date

from domain.servicing.progress import F, I, Line, P


def test_a_line_shows_what_is_open_and_a_copy_goes_its_own_way() -> None:
    line = Line(no=1, from_on=date(2026, 1, 1), due_on=date(2026, 2, 1))
    line.owed[P], line.owed[I], line.owed[F] = 100, 10, 5
    line.paid[P], line.waived[I] = 40, 3
    assert (line.open(P), line.open(I), line.total_open) == (60, 7, 72)
    shown = line.frozen()
    other = line.copy()
    other.paid[P] = 100
    assert (line.open(P), other.open(P)) == (60, 0)
    assert (shown.due, shown.paid_total, shown.outstanding, shown.open(I)) == (115, 40, 72, 7)
