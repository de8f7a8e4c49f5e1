"""Errors of the transport and of the question itself, with stable codes; a business "no" is never one of them.

A business refusal is data (`types.refusal`). What is here ends up under `errors`: the question was malformed, too
large, not allowed, or asked for something that does not exist for this viewer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from graphql import GraphQLError

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "UNAUTHENTICATED": ("请先登录或提供有效令牌", "a valid token is required"),
    "FORBIDDEN": ("当前角色无权执行此操作", "this role may not do this"),
    "NOT_FOUND": ("未找到", "no such object"),
    "INVALID_CURSOR": ("游标无效, 请从第一页重新开始", "the cursor is not valid here: start again from the first page"),
    "INVALID_PAGE": (
        "first 的范围为 1 至 100",
        "first is from 1 to 100",
    ),
    "AMOUNT_INVALID": ("金额无效: {reason}", "not an amount: {reason}"),
    "INPUT_INVALID": ("输入无效: {reason}", "not a valid input: {reason}"),
    "TIMEOUT": ("处理超时, 请稍后用同一幂等键重试", "the request took too long: retry with the same idempotency key"),
    "OVERLOADED": ("系统繁忙, 请稍后重试", "too busy: retry later"),
    "INTERNAL": ("系统内部错误", "internal error"),
}
"""Every code with its sentence in Chinese and English."""

RETRYABLE: Final = frozenset({"TIMEOUT", "OVERLOADED"})
"""Codes after which the same request may succeed."""


class Fault(GraphQLError):
    """A named error; its text is chosen when the response is written, in the language of the request."""

    def __init__(self, code: str, /, **params: str) -> None:
        """Name the code and fill the places of its text."""
        self.code = code
        self.params = params
        super().__init__(text(code, "en", params), extensions={"code": code, "retryable": code in RETRYABLE})


def text(code: str, locale: str, params: Mapping[str, str]) -> str:
    """Return the sentence of a code in a language; any Chinese locale speaks Chinese, every other English."""
    zh, en = TEXTS[code]
    return (zh if locale.lower().startswith("zh") else en).format(**params)
