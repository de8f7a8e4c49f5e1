"""How a page is read: which blocks there are, and when what comes out is what the page shows."""

import pytest

from tests.docs.page import Command, agrees, answers, blocks, commands

PAGE = """# A page

```sh
zhudai migrate
```

<!-- not run: it never ends -->
```sh
zhudai serve
```

```graphql auditor
{ version }
```
"""


def test_every_block_of_a_page_is_found_with_its_place() -> None:
    found = list(blocks(PAGE))
    assert [(one.language, one.argument, one.reason, one.line) for one in found] == [
        ("sh", "", None, 4),
        ("sh", "", "it never ends", 9),
        ("graphql", "auditor", None, 13),
    ]
    assert found[2].body == "{ version }\n"


def test_a_console_has_commands_and_what_they_print() -> None:
    assert commands("$ a \\\n  b\n1\n2\n$ c\n") == [Command("a    b", "1\n2\n"), Command("c", "")]


@pytest.mark.parametrize(
    ("printed", "wanted", "same"),
    [
        ("a\nb\n", "a\nb\n", True),
        ("a  \nb\n\n", "a\nb", True),
        ("a\nb\n", "a\n", False),
        ("a\nb\nc\n", "a\n…\nc\n", True),
        ("a\nc\n", "a\n…\nc\n", True),
        ("a\nb\n", "a\n…\nc\n", False),
        ("root 2ex=\n", "root …\n", True),
        ("root\n2ex\n", "root…2ex\n", False),
        ("a.b\n", "a+b\n", False),
    ],
)
def test_what_is_printed_is_what_is_shown(printed: str, wanted: str, same: bool) -> None:
    assert agrees(printed, wanted) is same


@pytest.mark.parametrize(
    ("given", "wanted", "same"),
    [
        ({"a": 1}, {"a": 1}, True),
        ({"a": 1, "b": 2}, {"a": 1}, False),
        ({"a": 1}, {"a": "…"}, True),
        ([1, 2, 3], [1, "…"], True),
        ([1], [1, "…"], True),
        ([2, 2], [1, "…"], False),
        ([1, 2], [1], False),
        (True, 1, False),
        ({"a": [{"b": "x"}]}, {"a": [{"b": "y"}]}, False),
    ],
)
def test_an_answer_is_what_is_shown(given: object, wanted: object, same: bool) -> None:
    assert answers(given, wanted) is same
