"""Refusals are values: every expected "no" of the domain is a frozen class with a stable code and two texts.

A refusal is returned, never raised. Its class carries the code (a promise to users, unique over the whole domain),
whether trying again later can help, and its sentence in Chinese and English with `{parameter}` places named as its
fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from string import Formatter
from types import MappingProxyType
from typing import ClassVar

from domain.phrase import SPOKEN, in_chinese

LOCALES = ("zh-CN", "en")
"""Languages in which every refusal can speak; the first is the default."""

_classes: dict[str, type[Refusal]] = {}

registry: Mapping[str, type[Refusal]] = MappingProxyType(_classes)
"""Every refusal class that has been imported, by its stable code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The base of all refusals.

    `field` is the path of the input field at fault (`borrower.mobile`), or None when the whole command is refused.
    """

    code: ClassVar[str]
    retryable: ClassVar[bool] = False
    zh: ClassVar[str]
    en: ClassVar[str]

    field: str | None = None

    def __init_subclass__(cls) -> None:
        """Register the class under its code; a code that two classes claim is a bug."""
        # `slots=True` builds each class a second time, so the same name may come twice.
        code = cls.__dict__.get("code")
        assert code is not None, f"{cls.__name__} has no code"
        known = _classes.get(code)
        assert known is None or (known.__module__, known.__qualname__) == (cls.__module__, cls.__qualname__), (
            f"{code} is claimed by {known} and {cls}"
        )
        _classes[code] = cls

    @property
    def params(self) -> Mapping[str, object]:
        """The fields of this refusal other than `field`, as named places of its text."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name != "field"}

    @property
    def message(self) -> str:
        """The sentence in the default language."""
        return text(self, LOCALES[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Invalid(Refusal):
    """An input with one or more faults; all of them are told at once."""

    code: ClassVar[str] = "INPUT_INVALID"
    zh: ClassVar[str] = "提交内容有 {count} 处错误: {codes}"
    en: ClassVar[str] = "the input has {count} fault(s): {codes}"

    faults: tuple[Refusal, ...]

    @property
    def count(self) -> int:
        """How many faults there are."""
        return len(self.faults)

    @property
    def codes(self) -> str:
        """Field and code of every fault, in one line."""
        return ", ".join(f"{fault.field or '-'} {fault.code}" for fault in self.faults)

    @property
    def params(self) -> Mapping[str, object]:
        """Count and codes; the faults themselves speak one by one."""
        return {"count": self.count, "codes": self.codes}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyReused(Refusal):
    """The idempotency key was used before with other content."""

    code: ClassVar[str] = "IDEMPOTENT_CONFLICT"
    zh: ClassVar[str] = "业务编号已用于不同内容的请求"
    en: ClassVar[str] = "this key was already used for a request with other content"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFound(Refusal):
    """The thing does not exist, or may not be seen by the asker: one answer for both."""

    code: ClassVar[str] = "NOT_FOUND"
    zh: ClassVar[str] = "未找到{what}"
    en: ClassVar[str] = "no such {what}"

    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SamePerson(Refusal):
    """Maker and checker must be two people."""

    code: ClassVar[str] = "SAME_PERSON"
    zh: ClassVar[str] = "经办人与复核人不能为同一人"
    en: ClassVar[str] = "maker and checker must be two different people"


def text(refusal: Refusal, locale: str = LOCALES[0]) -> str:
    """Return the sentence of a refusal in a language; any Chinese locale speaks Chinese, every other English."""
    params = {"field": refusal.field, **refusal.params}
    if not locale.lower().startswith("zh"):
        return refusal.en.format(**params)
    spoken = {
        name: in_chinese(value)
        for name, value in params.items()
        if type(value) is str and (refusal.code, name) in SPOKEN
    }
    return refusal.zh.format(**params | spoken)


def places(template: str) -> frozenset[str]:
    """Return the names of the `{places}` in a text."""
    return frozenset(name for _, name, _, _ in Formatter().parse(template) if name)


def invalid(faults: Sequence[Refusal]) -> Invalid | None:
    """Return one refusal that carries all faults, or None when there is none."""
    return Invalid(faults=tuple(faults)) if faults else None
