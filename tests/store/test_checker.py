"""The checker of histories finds what may not happen: each forged history has one fault."""

from __future__ import annotations

import pytest

from support.histories import FOREVER, Event, Impossible, Read, State, Write, check

A = Write("upload", 0, 1, 200, "a")
JOURNAL_A = [Event(1, "uploaded a")]


def page(moment: float, content: str | None, yanked: bool = False, where: int = 0) -> Read:
    return Read("page", moment, moment + 0.1, content, yanked, where)


GOOD = {
    "one upload": ([A], [page(2, "a")], JOURNAL_A),
    "seen before it was answered": ([A], [page(0.5, "a"), page(0.5, None)], JOURNAL_A),
    "at one server before the other": ([A], [page(0.3, "a", where=1), page(0.6, None, where=2)], JOURNAL_A),
    "at one before the other, and the same again between": (
        [A, Write("yank", 2, 9, 200), Write("upload", 4, 5, 200, "a")],
        [page(3, "a", True, where=1), page(6, "a", where=2), page(10, "a", True, where=2)],
        [*JOURNAL_A, Event(2, "yanked")],
    ),
    "one of two": ([A, Write("upload", 0.5, 1.5, 409, "b")], [page(2, "a")], JOURNAL_A),
    "the same twice": ([A, Write("upload", 0, 1, 200, "a")], [page(2, "a")], JOURNAL_A),
    "unknown and done": ([Write("upload", 0, FOREVER, None, "a")], [page(2, "a")], JOURNAL_A),
    "unknown and not done": ([Write("upload", 0, FOREVER, None, "a")], [page(2, None)], []),
    "a name that is used up": (
        [A, Write("delete", 2, 3, 200), Write("upload", 4, 5, 400, "b"), Write("undelete", 6, 7, 200)],
        [page(3.5, None), page(8, "a")],
        [Event(1, "uploaded a"), Event(2, "removed"), Event(3, "back")],
    ),
    "two who delete": ([A, Write("delete", 2, 3, 200), Write("delete", 2, 3, 409)], [], [*JOURNAL_A, Event(2, "removed")]),
    "yanked and not": (
        [A, Write("yank", 2, 3, 200), Write("yank", 4, 5, 200), Write("unyank", 6, 7, 200)],
        [page(3.5, "a", True), page(8, "a")],
        [*JOURNAL_A, Event(2, "yanked"), Event(9, "unyanked")],
    ),
}
FORGED = {
    "lost": ([A], [page(2, None)], JOURNAL_A),
    "not at every server": ([A], [page(2, "a"), page(2, None, where=2)], JOURNAL_A),
    "other bytes": ([A], [Read("file", 2, 3, "b")], JOURNAL_A),
    "nobody uploaded it": ([], [page(2, "a")], []),
    "two winners": ([A, Write("upload", 0, 1, 200, "b")], [page(2, "b")], JOURNAL_A),
    "two winners in the journal": (
        [A, Write("upload", 0, 1, 200, "b")], [page(2, "b")], [*JOURNAL_A, Event(2, "uploaded b")],
    ),
    "no winner": ([Write("upload", 0, 1, 409, "a"), Write("upload", 0, 1, 409, "b")], [], []),
    "refused though the same": ([A, Write("upload", 2, 3, 409, "a")], [], JOURNAL_A),
    "doubled in the journal": ([A], [page(2, "a")], [*JOURNAL_A, Event(2, "uploaded a")]),
    "missing in the journal": ([A], [page(2, "a")], []),
    "serials that stand": ([A, Write("yank", 2, 3, 200)], [], [*JOURNAL_A, Event(1, "yanked")]),
    "serials in the wrong order": ([A, Write("yank", 2, 3, 200)], [], [Event(1, "yanked"), Event(2, "uploaded a")]),
    "a name used again": (
        [A, Write("delete", 2, 3, 200), Write("upload", 4, 5, 200, "b")],
        [page(6, "b")],
        [*JOURNAL_A, Event(2, "removed"), Event(3, "uploaded b")],
    ),
    "there after it was deleted": ([A, Write("delete", 2, 3, 200)], [page(4, "a")], [*JOURNAL_A, Event(2, "removed")]),
    "a yank that is not seen": ([A, Write("yank", 2, 3, 200)], [page(4, "a")], [*JOURNAL_A, Event(2, "yanked")]),
    "a yank that is seen no more": (
        [A, Write("yank", 2, 3, 200), Write("upload", 4, 5, 200, "a")],
        [page(6, "a", True), page(8, "a")],
        [*JOURNAL_A, Event(2, "yanked")],
    ),
    "seen before it was begun": ([Write("upload", 5, 6, 200, "a")], [page(2, "a")], JOURNAL_A),
    "an answer that is no answer": ([Write("upload", 0, 1, 500, "a")], [page(2, None)], []),
    "unknown, and others' bytes": ([Write("upload", 0, FOREVER, None, "a")], [page(2, "b")], JOURNAL_A),
}


@pytest.mark.parametrize("name", GOOD)
def test_history_that_may_be_is_explained(name):
    assert isinstance(check(*GOOD[name]), State)


@pytest.mark.parametrize("name", FORGED)
def test_forged_history_is_found(name):
    with pytest.raises(Impossible):
        check(*FORGED[name])
