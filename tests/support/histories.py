"""Recorded histories of one file name at several servers, and a checker of what may have happened.

What was asked and answered is compared with one name that one thing happens to after the other. The
changes must fit into one order that everybody's clock allows, that every answer agrees with, and that
the journal tells. Each reading must show all that was answered before it was asked and nothing that was
begun after it was answered: what was answered is seen at every server at once. What is not answered yet
may be seen at one server and not at another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

FOREVER = float("inf")
# How many ways are looked at before a history counts as too wide to be checked.
MOST_WAYS = 200_000


@dataclass(frozen=True)
class State:
    """What there is under a name."""

    content: str | None = None
    deleted: str | None = None
    yanked: bool = False


@dataclass(frozen=True)
class Write:
    """Something that was asked to be changed. Without a status nobody knows what became of it."""

    kind: str
    began: float
    ended: float
    status: int | None
    content: str | None = None
    where: int = 0

    def outcomes(self, state: State) -> list[tuple[State, str | None]]:
        """The states to which it may have led from this one, each with what the journal tells of it."""
        right, after, told = self._told(state)
        done, nothing = (after, told), (state, None)
        match self.status:
            case None:
                return [done, nothing] if done != nothing else [nothing]
            case _ if self.status == right:
                return [done]
            # Two owners who come at the same time: nothing was done, and that was said.
            case 409 if self.kind in ("delete", "undelete"):
                return [nothing]
        return []

    def _told(self, state: State) -> tuple[int, State, str | None]:
        """The status that is right in this state, and what follows."""
        match self.kind:
            case "upload":
                if state.content == self.content:
                    return 200, state, None
                if state.content is not None:
                    return 409, state, None
                if state.deleted is not None:
                    return 400, state, None
                return 200, State(self.content, None, state.yanked), f"uploaded {self.content}"
            case "delete":
                if state.content is None:
                    return 404, state, None
                return 200, State(None, state.content, state.yanked), "removed"
            case "undelete":
                if state.deleted is None:
                    return 404, state, None
                return 200, State(state.deleted, None, state.yanked), "back"
            case "yank":
                if state.content is None:
                    return 404, state, None
                return 200, State(state.content, state.deleted, True), None if state.yanked else "yanked"
            case "unyank":
                return 200, State(state.content, state.deleted), "unyanked" if state.yanked else None
        raise AssertionError(self.kind)


@dataclass(frozen=True)
class Read:
    """A page or a file that was asked for and answered."""

    kind: str
    began: float
    ended: float
    content: str | None
    yanked: bool = False
    where: int = 0

    def shows(self, state: State) -> bool:
        if self.content != state.content:
            return False
        return self.kind == "file" or self.content is None or self.yanked == state.yanked


@dataclass(frozen=True)
class Event:
    """An entry of the journal."""

    serial: int
    what: str


class Impossible(AssertionError):
    """A history that one name cannot have had."""


def check(writes: Sequence[Write], reads: Sequence[Read], journal: Sequence[Event]) -> State:
    """Finds an order that explains a history, and returns the state that it ends with.

    Raises `Impossible` if there is none.
    """
    serials = [event.serial for event in journal]
    if any(one >= other for one, other in zip(serials, serials[1:], strict=False)):
        raise Impossible(f"serials that do not rise: {serials}")
    search = _Search(writes, reads, [event.what for event in journal])
    search.run()
    if search.end is None:
        raise Impossible(search.why())
    return search.end


class _Search:
    """Looks for the order. A step is one more change; what was looked at is not looked at again."""

    def __init__(self, writes: Sequence[Write], reads: Sequence[Read], journal: list[str]) -> None:
        self.writes, self.reads, self.journal = writes, reads, journal
        self.everything = (1 << len(writes)) - 1
        # What was over before each began: that must come first.
        self.before = [bits(w.ended < write.began for w in writes) for write in writes]
        # Who must show each, for it was over before they asked; and what each reading may show.
        self.shown_by = [bits(write.ended < read.began for read in reads) for write in writes]
        self.allowed = [bits(w.began < read.ended for w in writes) for read in reads]
        self.furthest: tuple[int, int, State] = (0, 0, State())
        self.end: State | None = None

    def run(self) -> None:
        start = (0, 0, State(), 0, self.seen(0, State(), 0))
        waiting, known = [start], {start}
        while waiting:
            done, changes, state, told, explained = waiting.pop()
            if (done.bit_count(), told) > (self.furthest[0].bit_count(), self.furthest[1]):
                self.furthest = (done, told, state)
            if done == self.everything:
                if told == len(self.journal) and explained.bit_count() == len(self.reads):
                    self.end = state
                    return
                continue
            for number, write in enumerate(self.writes):
                bit = 1 << number
                if done & bit or self.before[number] & ~done:
                    continue
                for after, event in write.outcomes(state):
                    if event is not None and (told >= len(self.journal) or self.journal[told] != event):
                        continue
                    following = (done | bit, changes, after, told + (event is not None), explained)
                    if after != state:
                        # What a reading showed that should have shown this does not explain it.
                        left = explained & ~self.shown_by[number]
                        following = (
                            done | bit, changes | bit, after, following[3], self.seen(changes | bit, after, left),
                        )
                    if self.is_hopeless(following[1], following[4]) or following in known:
                        continue
                    known.add(following)
                    waiting.append(following)
            if len(known) > MOST_WAYS:
                raise Impossible("too wide to be checked: too much happened at once")

    def seen(self, changes: int, state: State, explained: int) -> int:
        """Adds the readings that show this state, to which these changes have led."""
        for number, read in enumerate(self.reads):
            if not changes & ~self.allowed[number] and read.shows(state):
                explained |= 1 << number
        return explained

    def is_hopeless(self, changes: int, explained: int) -> bool:
        """Whether nothing that is still to come can explain a reading."""
        return any(
            changes & ~allowed and not explained >> number & 1 for number, allowed in enumerate(self.allowed)
        )

    def why(self) -> str:
        done, told, state = self.furthest
        moments = sorted(
            [(w.began, f"{w.began:.4f}-{w.ended:.4f} at {w.where}: {w.kind} {w.content or ''} -> {w.status}")
             for w in self.writes]
            + [(r.began, f"{r.began:.4f}-{r.ended:.4f} at {r.where}: {r.kind} shows {r.content} yanked={r.yanked}")
               for r in self.reads]
        )
        left = [f"{w.kind} {w.content or ''} -> {w.status}" for n, w in enumerate(self.writes) if not done >> n & 1]
        return "\n".join([
            f"no order explains this; at best, after {done.bit_count()} changes ({state}), not: {left}",
            f"the journal: {self.journal}, explained: {told}",
            *(text for _, text in moments),
        ])


def bits(flags: Iterable[bool]) -> int:
    return sum(1 << number for number, flag in enumerate(flags) if flag)
