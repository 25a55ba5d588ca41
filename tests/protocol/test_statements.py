"""Every statement of the protocol that is ours to keep has a test that is named after it."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
NAME = re.compile(r"test_(simple|dl|json|up|meta|att|tok|oidc|tp|auth|name)_((?:\d\d+_and_)*\d\d+)_[a-z]")


def listed() -> dict[str, str]:
    """The statements of the list, each with the reason why it needs no test, if there is one."""
    found: dict[str, str] = {}
    for line in (HERE / "statements.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        statement, dash, reason = line.partition(" - ")
        assert re.fullmatch(r"[A-Z]+-\d+", statement), line
        assert statement not in found, f"{statement} is listed twice"
        assert bool(dash) == bool(reason.strip()), f"{statement} has a dash and no reason"
        found[statement] = reason
    return found


def statements_of(name: str) -> list[str]:
    """The statements that a test is named after: `test_simple_19_and_20_…` has two."""
    found = NAME.match(name)
    if not found:
        return []
    family, numbers = found.groups()
    return [f"{family.upper()}-{int(number)}" for number in numbers.split("_and_")]


def functions() -> list[tuple[Path, str]]:
    """The tests of the whole suite, by file."""
    return [
        (path, node.name)
        for path in sorted(HERE.parent.rglob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text(), str(path)))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]


def test_every_statement_has_a_test_of_its_name():
    named = {statement for _, name in functions() for statement in statements_of(name)}
    wanted = {statement for statement, reason in listed().items() if not reason}
    assert len(wanted) > 130, "the list was read"
    missing = sorted(wanted - named, key=lambda one: (one.split("-")[0], int(one.split("-")[1])))
    assert not missing, f"no test is named after {missing}"


def test_every_test_of_a_statement_is_in_the_list():
    for path, name in functions():
        for statement in statements_of(name):
            assert statement in listed(), f"{path.name}: {name} is named after no statement"
            assert not listed()[statement], f"{statement} has a test, so it needs no reason: {name}"
    # A number that is not read would be a statement that nobody checks.
    odd = [name for _, name in functions() if re.match(r"test_(simple|dl|json|up|meta|att|tok)_\d", name) and not NAME.match(name)]
    assert not odd, odd


def test_no_test_hides_another_of_its_name():
    # Python keeps the last of two functions with one name: the first would never run.
    for (path, name), count in Counter(functions()).items():
        assert count == 1, f"{path.name} has {name} {count} times"
