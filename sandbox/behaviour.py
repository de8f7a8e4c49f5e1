"""What the sandbox bank does with an order: the behaviours, and the card numbers that ask for them."""

from enum import StrEnum


class Behaviour(StrEnum):
    """How an order goes; `OK` unless a script or the card's last four digits say otherwise."""

    OK = "OK"
    """Success at once."""
    CARD_INVALID = "CARD_INVALID"
    """Check and payment fail: the card is not valid."""
    HOLDER_MISMATCH = "HOLDER_MISMATCH"
    """Check and payment fail: the card belongs to somebody else."""
    BALANCE_SHORT = "BALANCE_SHORT"
    """A collection fails: not enough money."""
    ACCOUNT_REFUSED = "ACCOUNT_REFUSED"
    """The check passes and the payment fails: the account takes no money."""
    LATE_SUCCESS = "LATE_SUCCESS"
    """No answer in time; success shows at the second query, or in the day file."""
    LATE_FAILURE = "LATE_FAILURE"
    """No answer in time; failure shows at the second query, or in the day file."""
    LOST_REPLY = "LOST_REPLY"
    """Executed, and the connection breaks before the reply."""
    TORN_REPLY = "TORN_REPLY"
    """Executed, and the reply breaks off in its middle."""
    WRONG_AMOUNT = "WRONG_AMOUNT"
    """Executed with one minor unit too much."""
    PROCESSING_FOR_EVER = "PROCESSING_FOR_EVER"
    """Accepted, and never decided."""
    LOST_REQUEST = "LOST_REQUEST"
    """Never arrived: no answer, and no query finds it."""
    SERVER_ERROR = "SERVER_ERROR"
    """HTTP 503, nothing executed."""


BY_SUFFIX = {
    "9001": Behaviour.CARD_INVALID,
    "9002": Behaviour.HOLDER_MISMATCH,
    "9003": Behaviour.BALANCE_SHORT,
    "9004": Behaviour.LATE_SUCCESS,
    "9005": Behaviour.LATE_FAILURE,
    "9006": Behaviour.LOST_REPLY,
    "9007": Behaviour.WRONG_AMOUNT,
    "9008": Behaviour.PROCESSING_FOR_EVER,
    "9009": Behaviour.LOST_REQUEST,
    "9010": Behaviour.TORN_REPLY,
    "9011": Behaviour.SERVER_ERROR,
    "9012": Behaviour.ACCOUNT_REFUSED,
}
"""Last four digits of a card number to its behaviour."""

NOT_ARRIVED = frozenset({Behaviour.LOST_REQUEST, Behaviour.SERVER_ERROR})
"""The order is not booked at all."""
SILENT = frozenset({Behaviour.LATE_SUCCESS, Behaviour.LATE_FAILURE, Behaviour.LOST_REQUEST})
"""A single order of these is held without an answer."""
BROKEN = frozenset({Behaviour.LOST_REPLY, Behaviour.TORN_REPLY})
"""The connection breaks instead of, or within, the reply."""

CODE_OF = {
    Behaviour.CARD_INVALID: "F-CARD-001",
    Behaviour.HOLDER_MISMATCH: "F-CARD-002",
    Behaviour.BALANCE_SHORT: "F-BAL-001",
    Behaviour.ACCOUNT_REFUSED: "F-ACCT-001",
    Behaviour.LATE_FAILURE: "F-ACCT-001",
}
"""Failure code of the behaviours that fail."""
MESSAGES = {
    "0000": "success",
    "F-CARD-001": "card invalid",
    "F-CARD-002": "holder does not match",
    "F-BAL-001": "balance short",
    "F-ACCT-001": "account refused",
    "P-ORD-001": "processing",
    "N-ORD-001": "no such order",
    "C-ORD-001": "order closed",
    "X-ORD-409": "order number already used for another order",
}
"""Every business code with its text."""
