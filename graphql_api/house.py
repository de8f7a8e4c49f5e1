"""What commands need besides the database: introduced by the composition root, the same for every request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.origination.operations import Desk
    from domain.refusals import Refusal
    from domain.servicing.operations.repayment import Repaid
    from domain.servicing.repayment import Repay


class Repayments(Protocol):
    """Takes repayments that arrive together into one commit; `batcher.Batcher` is one."""

    def submit(self, request: Repay) -> Repaid | Refusal:
        """Do one repayment; blocks until it is committed or refused."""

    def submit_all(self, requests: Sequence[Repay]) -> list[Repaid | Refusal]:
        """Do several, each with its own answer, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The neighbours of the edge."""

    desk: Desk
    """Vault, judge and screen, for applications and reviews."""
    repayments: Repayments
    """Repayments that wait together share a commit."""
