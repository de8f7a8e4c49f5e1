"""A page of the documents as a script: its fenced blocks, what each is, and what it says must come out.

    sh              commands that succeed, nothing shown
    console         commands after "$ " with what they print; one that prints a refusal as its last line ends with 1
    graphql [role]  a question of the accountant, or of another role; a json block after it is the answer
    json            the answer to the question before, or a document by itself
    python          statements that run, in one namespace a page
    text            a picture, or the sense of something: nothing to run

`…` stands for anything: within a line, as a whole line for any lines, in JSON for any text, number or rest of a list.
A block after `<!-- not run: reason -->` is read by people only.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

LANGUAGES: Final = frozenset({"sh", "console", "graphql", "json", "python", "text"})
FENCE: Final = re.compile(
    r"(?:^<!-- not run: (?P<reason>[^>]+) -->\n+)?^```(?P<info>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
REFUSAL: Final = re.compile(r"[A-Z]+(?:_[A-Z]+)+ ")
ANYTHING: Final = "…"


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block."""

    language: str
    argument: str
    """What stands after the language."""
    body: str
    reason: str | None
    """Why it is not run."""
    line: int
    """Of the body's first line."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a console and what it prints."""

    command: str
    printed: str


def blocks(text: str) -> Iterator[Block]:
    """Every fenced block of a page, in order."""
    for found in FENCE.finditer(text):
        language, _, argument = found["info"].partition(" ")
        line = text.count("\n", 0, found.start("body")) + 1
        yield Block(language, argument.strip(), found["body"], found["reason"], line)


def commands(body: str) -> list[Command]:
    """The commands of a console block; a backslash at the end of a line goes on."""
    found: list[Command] = []
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        command, printed = re.fullmatch(r"((?:[^\n]*\\\n)*[^\n]*)\n(.*)", part, re.DOTALL).groups()  # type: ignore[union-attr]  # always
        found.append(Command(command.replace("\\\n", " "), printed))
    return found


def agrees(printed: str, wanted: str) -> bool:
    """Whether what was printed is what the page shows."""
    lines = [line.rstrip() for line in wanted.rstrip().splitlines()]
    parts = (
        r"(?:[^\n]*\n)*?" if line == ANYTHING else re.escape(line).replace(ANYTHING, "[^\n]*") + "\n" for line in lines
    )
    told = "".join(f"{line.rstrip()}\n" for line in printed.rstrip().splitlines())
    return re.fullmatch("".join(parts), told) is not None


def answers(given: object, wanted: object) -> bool:
    """Whether a JSON answer is what the page shows."""
    if wanted == ANYTHING:
        return True
    if isinstance(wanted, dict):
        return (
            isinstance(given, dict)
            and set(given) == set(wanted)
            and all(answers(given[name], one) for name, one in wanted.items())
        )
    if isinstance(wanted, list):
        rest = wanted[-1:] == [ANYTHING]
        wanted = wanted[:-1] if rest else wanted
        return (
            isinstance(given, list)
            and (len(given) >= len(wanted) if rest else len(given) == len(wanted))
            and all(map(answers, given, wanted))
        )
    return given == wanted and type(given) is type(wanted)
