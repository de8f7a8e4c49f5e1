"""Nobody looks on, and nothing changes."""

from domain.watch import unwatched


def test_nobody_looks_on() -> None:
    with unwatched("close", chunk=1) as tell:
        tell(loans=7, name="other")
