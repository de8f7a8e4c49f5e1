"""Words inside a refusal's sentence, in Chinese: what a rule says in English, a Chinese reader is told in Chinese.

A refusal has two whole sentences of its own. Some of their places are filled with words rather than with names, codes
or figures ("an object", "review task"); which places these are is said here, once, and so is what they are called.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SPOKEN: Final = frozenset(
    {
        ("NOT_FOUND", "what"),
        ("FIELD_INVALID", "expected"),
        ("REPAYMENT_NOT_COLLECTABLE", "why"),
        ("FLOW_INVALID", "why"),
        ("SPLIT_DISPUTED", "detail"),
        ("RECONCILIATION_FILE_REFUSED", "detail"),
    }
)
"""Code of a refusal, and its field that holds words."""

THINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "application": "申请",
        "case": "催收案件",
        "contact": "联系记录",
        "customer": "客户",
        "discrepancy": "对账差异",
        "entry": "分录",
        "loan": "借据",
        "model": "模型",
        "month": "会计月份",
        "offer": "要约",
        "payment order": "付款单",
        "proposal": "待发布版本",
        "review task": "审核任务",
    }
)
"""What may be looked for, as the glossary calls it."""

PHRASES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "{low}-{high} letters, digits or ._:+-": "{low} 至 {high} 位字母、数字或 ._:+-",
        "{low}-{high} letters, digits or ._:-": "{low} 至 {high} 位字母、数字或 ._:-",
        "{low}-{high} letters, digits, _ or -": "{low} 至 {high} 位字母、数字、_ 或 -",
        "HMAC-SHA256, RSA2, SM2 or MD5": "HMAC-SHA256、RSA2、SM2 或 MD5",
        "NONE, AES-256-GCM or SM4": "NONE、AES-256-GCM 或 SM4",
        "ISO 8601 with offset, as {example}": "带时区的 ISO 8601 时间, 如 {example}",
        "a signature": "签名",
        "a token of at most {most} characters": "不超过 {most} 个字符的令牌",
        "an id of at most {most} characters": "不超过 {most} 个字符的标识",
        "an object": "对象",
        "one of {codes}": "以下之一: {codes}",
        "the name of an interface": "接口名称",
        "amount not positive": "金额须大于零",
        "loan unknown": "借据不存在",
        "the loan is in {currency}": "借据币种为 {currency}",
        "missing stage {stage}": "缺少环节 {stage}",
        "unknown stage {stage}": "未知环节 {stage}",
        "stages out of order": "环节顺序有误",
        "the parts exceed the payment": "各部分之和超过还款金额",
        "instalment {no} {component}: {amount} of {owed} owed": "第 {no} 期 {component}: {amount}, 应还 {owed}",
        "{size} bytes of at most {most}": "{size} 字节, 上限 {most}",
        "no lines": "没有内容",
        "the last line is no whole trailer: the file is cut": "末行不是完整的尾行, 文件被截断",
        "not {encoding} at byte {at}": "第 {at} 字节不是 {encoding} 编码",
        "the first line is no header": "首行不是文件头",
        "the file is of {found}, not of {wanted}": "文件日期为 {found}, 应为 {wanted}",
        "{count} fields, not {wanted}": "{count} 个字段, 应为 {wanted} 个",
        "{count} columns, not {wanted}": "{count} 列, 应为 {wanted} 列",
        "the trailer counts {told}, the file has {found}": "尾行计数为 {told}, 实有 {found}",
        "the trailer sums to {told}, the file to {found}": "尾行合计为 {told}, 实为 {found}",
        "{name} is empty": "{name} 为空",
        "{name} is no amount in minor units": "{name} 不是以分为单位的金额",
        "currency is unknown": "币种未知",
        "{name} is no date": "{name} 不是日期",
        "{name} is none of {known}": "{name} 只能是 {known}",
        "the trailer hash is {told}, the file's {found}": "尾行摘要为 {told}, 实为 {found}",
    }
)
"""What is said about a value; `{places}` are figures, codes and names, which stay as they are."""

JOINT: Final = "; "
"""Between several things that are said in one place."""

_PATTERNS: Final = tuple(
    (re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^;]+?)", re.escape(english))), chinese)
    for english, chinese in PHRASES.items()
)


def in_chinese(words: str) -> str:
    """What words mean in Chinese; a name, a code or a figure is its own word."""
    if words in THINGS:
        return THINGS[words]
    for pattern, chinese in _PATTERNS:
        found = pattern.fullmatch(words)
        if found is not None:
            return chinese.format(**found.groupdict())
    return JOINT.join(map(in_chinese, words.split(JOINT))) if JOINT in words else words
