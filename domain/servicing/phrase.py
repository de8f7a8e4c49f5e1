"""What a refusal of terms says beside the names of fields, in both languages: expectations, and why no amount is read.

A fault carries one English phrase, or a code; the tables here say it in the language that is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ledger.money import AmountFault

ZH: Final = "zh"
EN: Final = "en"


class Phrase(str):
    """A phrase that a template writes as `{expected:zh}` or `{expected:en}`."""

    __slots__ = ()

    def __format__(self, language: str, /) -> str:
        """Return the phrase in a language; what no table knows is left as it is."""
        if self in REASONS:
            return REASONS[self][0 if language == ZH else 1]
        if language == ZH:
            for pattern, said in EXPECTED:
                if found := pattern.fullmatch(self):
                    return found.expand(said)
        return str(self)


EXPECTED: Final = tuple(
    (re.compile(en), zh)
    for en, zh in (
        (r"an object", "一个对象"),
        (r"another type; do adjust-income instead", "其他类型; 调整收入请用 adjust-income"),
        (r"true or false", "true 或 false"),
        (r"a whole number from (\S+) to (\S+)", r"\1 至 \2 的整数"),
        (r"a whole number of periods, at most (\d+)", r"整数期, 最多 \1 期"),
        (r"a text of at most (\d+) characters", r"最长 \1 个字符的文本"),
        (r"a list of at most (\d+)", r"最多 \1 项的列表"),
        (r"a list of 1 to (\d+)", r"1 至 \1 项的列表"),
        (r"a date like (\S+), not before (\S+)", r"形如 \1 的日期, 不早于 \2"),
        (r"a date for each of the (\d+) flows", r"与 \1 笔现金流一一对应的日期"),
        (r"years for each flow, the first 0, at most (\d+)", r"与现金流一一对应的年数, 首项为 0, 不超过 \1"),
        (r"at least (\d+)", r"不小于 \1"),
        (r"at least the stage's instalments", "不少于该阶段的期数"),
        (r"less than what is disbursed", "小于放款金额"),
        (r"fewer instalments than the plan has", "少于还款计划的期数"),
        (r"enough to repay the principal", "足以还清本金"),
        (r"from an instalment to the same or a later one", "自某期起至同期或以后"),
        (r"of an instalment or of a date, and not of both", "期次与日期二者择一"),
        (r"such that the plan ends before the year (\d+)", r"使还款计划在公元 \1 年前结束"),
        (r"there, or rate is, and not both", "与 rate 二者择一"),
        (r"the only one of (.+)", r"\1 三者择一"),
        (r"with 24, 26 or 52 payments a year", "每年 24, 26 或 52 期"),
        (r"those of whole months", "整月对应的期数"),
        (r"(.+), or with frequency", r"\1, 或另给 frequency"),
        (r"a fraction below one in a string", "小于 1 的小数字符串"),
        (r"a due type and a component: (\S+)", r"到期类型与科目, 如 \1"),
        (r"a plan of (\d+)", r"\1 期的 plan"),
        (r"no (\w+)", r"未给 \1"),
        (r"two days of the month, the first before the (\d+)th", r"每月两个日子, 较早者在 \1 日之前"),
        (r"a fee that is not ONCE", "非 ONCE 的费用"),
        (r"; did you mean (\w+)\?", r", 是否指 \1?"),
    )
)
"""Every English phrase that a fault of terms carries, with the same in Chinese."""
NOT_POSITIVE: Final = "not_positive"
NEGATIVE: Final = "negative"
REASONS: Final[Mapping[str, tuple[str, str]]] = {
    NOT_POSITIVE: ("须大于零", "it is above zero"),
    NEGATIVE: ("不能为负", "it is not below zero"),
    AmountFault.NOT_TEXT: ('须为字符串, 如 "100.00"', 'it is a string, such as "100.00"'),
    AmountFault.EMPTY: ("不能为空", "it is not empty"),
    AmountFault.TOO_LONG: ("位数过多", "it has fewer digits"),
    AmountFault.SPACE: ("不含空格", "it has no spaces"),
    AmountFault.NOT_ASCII: ("只用半角数字", "its digits are ASCII"),
    AmountFault.PLUS_SIGN: ("不带正号", "it has no plus sign"),
    AmountFault.THOUSANDS_MARK: ("不带千分位", "it has no thousands mark"),
    AmountFault.UNDERSCORE: ("不含下划线", "it has no underscore"),
    AmountFault.EXPONENT: ("不用科学计数法", "it has no exponent"),
    AmountFault.NOT_FINITE: ("须为有限数值", "it is finite"),
    AmountFault.LEADING_ZERO: ("不带前导零", "it has no leading zero"),
    AmountFault.NEGATIVE_ZERO: ("零不带负号", "nought has no sign"),
    AmountFault.SURPLUS_DECIMALS: ("小数位不超过币种的位数", "it has no more decimals than its currency"),
    AmountFault.TOO_LARGE: ("超出上限", "it is within what the books can hold"),
    AmountFault.UNKNOWN_CURRENCY: ("币种未知", "its currency is known"),
    AmountFault.SYNTAX: ('须为十进制金额, 如 "100.00"', 'it is a decimal, such as "100.00"'),
}
"""Why no amount can be read, by its code, in Chinese and English."""
