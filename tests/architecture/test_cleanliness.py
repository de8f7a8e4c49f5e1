"""What must not stand in any committed file: addresses of package registries, and the paths of one machine."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REGISTRIES = re.compile(
    "|".join(
        re.escape(left + right)
        for left, right in (  # in halves: this file does not find itself
            ("pypi.", "org"), ("pythonhosted.", "org"), ("registry.", "npmjs"), ("registry.yarn", "pkg"),
            ("deb.", "debian"),
            ("index-", "url"), ("find-", "links"), ("crates", ".io"), ("proxy.go", "lang"), ("npm", "mirror"),
            ("mirrors.ali", "yun"), ("tuna.tsing", "hua"),
        )
    )
)  # fmt: skip
MACHINE = re.compile(r"(?<![\w.])/(?:work|root|home/[a-z]+|Users/[A-Za-z]+)/")


def committed() -> list[tuple[str, str]]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = []
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file():
            files.append((name, path.read_text(encoding="utf-8", errors="ignore")))
    return files


def test_no_committed_file_names_a_registry_or_a_machine() -> None:
    found = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in committed()
        for number, line in enumerate(text.splitlines(), 1)
        if len(line) < 2000 and (REGISTRIES.search(line) or MACHINE.search(line))
    ]
    assert found == []


def test_every_locked_package_has_a_hash_and_an_exact_version() -> None:
    for lock in ("requirements.txt", "requirements-dev.txt"):
        entries = re.split(r"\n(?=[a-z])", (ROOT / lock).read_text(encoding="utf-8"))
        wrong = [entry.splitlines()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry]
        assert wrong == []


def test_every_runtime_dependency_has_its_reason() -> None:
    lines = (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines()
    names = {re.split(r"[\[=<>; ]", line)[0] for line in lines if line and not line.startswith("#")}
    documented = (ROOT / "docs" / "reference" / "dependencies.md").read_text(encoding="utf-8")
    assert {name for name in names if f"`{name}`" not in documented} == set()
