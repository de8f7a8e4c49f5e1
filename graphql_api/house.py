"""What commands need besides the database: introduced by the composition root, the same for every request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from domain.origination.operations import Desk
    from domain.servicing.operations import Repaid
    from domain.servicing.repayment import Repay
    from graphql_api.batcher import Batcher


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The neighbours of the edge."""

    desk: Desk
    """Vault, judge and screen, for applications and reviews."""
    repayments: Batcher[Repay, Repaid]
    """Repayments that wait together share a commit."""
