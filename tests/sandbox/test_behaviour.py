"""The tables of the sandbox bank agree with each other."""

from sandbox import bank
from sandbox.behaviour import BROKEN, BY_SUFFIX, CODE_OF, MESSAGES, NOT_ARRIVED, SILENT, Behaviour


def test_every_behaviour_but_ok_has_its_digits_and_they_are_documented() -> None:
    assert set(BY_SUFFIX.values()) == set(Behaviour) - {Behaviour.OK}
    assert all(len(suffix) == 4 and suffix.isdigit() for suffix in BY_SUFFIX)
    assert bank.__doc__ is not None
    assert [suffix for suffix in BY_SUFFIX if suffix not in bank.__doc__] == []


def test_every_code_has_its_text_and_nothing_is_both_silent_and_broken() -> None:
    assert set(CODE_OF.values()) <= set(MESSAGES)
    assert not BROKEN & (SILENT | NOT_ARRIVED)
