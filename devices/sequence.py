"""Which numbered events of a device were seen, which are missing, and where a new one belongs.

A device numbers its events from 1 within each *boot*. Numbers may come twice, late, out of order
or never; what is kept stays small whatever comes: four boots, each with a bounded list of ranges.
Intake asks it to recognise duplicates, the news to judge order: one implementation for both.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto
from sys import intern
from typing import NamedTuple

KEPT_BOOTS = 4
"""The present boot and three before it: events kept back across a restart are still known. One
from a boot forgotten looks like a restart."""

MAX_MISSING_RANGES = 16
"""Beyond it the two oldest ranges become one: an event seen between them is late, if it comes
again, instead of a duplicate; nothing is lost by that."""

STRAYS_TO_RETURN = 3
"""So many messages in a row from a boot that was thought over, and it is the present one: a boot
heard of late had only looked like a restart."""


class Place(Enum):
    """Where a number belongs."""

    NEXT = auto()  # the one expected
    AHEAD = auto()  # the newest, but not all before it were seen
    BEHIND = auto()  # not seen before, but older than the newest
    SEEN = auto()  # here before


class Step(NamedTuple):
    """What one message did to a sequence."""

    place: Place
    gap: int = 0  # numbers found missing by this message
    filled: int = 0  # numbers counted missing before, and brought by this message


Range = tuple[int, int]  # first and last number, both missing

_NEXT, _SEEN, _BEHIND = Step(Place.NEXT), Step(Place.SEEN), Step(Place.BEHIND)


_ZERO: tuple[Range, ...] = ((0, 0),)
"""What is missing of a boot heard from number 1 on, as most are: one copy serves all."""

_UNHEARD = ""  # no device names its boot so


class _Boot:
    """One boot: the highest number, and the ranges below it that were not seen."""

    __slots__ = ("base", "high", "id", "missing")

    def __init__(self, id_: str, high: int, base: int, missing: tuple[Range, ...]) -> None:
        self.id = id_
        self.high = high
        self.base = base  # numbers below it were never counted as missing
        self.missing = missing

    def become(self, other: _Boot) -> None:
        """Be as the other boot is now."""
        self.id, self.high, self.base, self.missing = (
            other.id,
            other.high,
            other.base,
            other.missing,
        )

    def place(self, seq: int) -> Step:
        """Take note of an event of this boot; where it belongs within it."""
        if seq > self.high:
            gap = self.advance(seq, is_event=True)
            return Step(Place.AHEAD, gap) if gap else _NEXT
        if not self.take(seq):
            return _SEEN
        # The highest may itself be missing: a heartbeat that overtook it named it.
        place = Place.AHEAD if seq == self.high else Place.BEHIND
        return Step(place, 0, 1 if seq >= self.base else 0)

    def lose(self, first: int, last: int) -> None:
        """Note that `first` to `last`, all above the highest, were not seen."""
        if first > last:
            return
        missing = (*self.missing, (first, last))
        if len(missing) > MAX_MISSING_RANGES:
            missing = ((missing[0][0], missing[1][1]), *missing[2:])
        self.missing = missing

    def is_missing(self, seq: int) -> bool:
        """Whether `seq`, not above the highest, was not seen."""
        return any(first <= seq <= last for first, last in self.missing)

    def take(self, seq: int) -> bool:
        """Whether `seq` was missing; from now on it is seen."""
        for index, (first, last) in enumerate(self.missing):
            if first <= seq <= last:
                rest = tuple(each for each in ((first, seq - 1), (seq + 1, last)) if _holds(each))
                self.missing = (*self.missing[:index], *rest, *self.missing[index + 1 :])
                return True
        return False

    def advance(self, seq: int, *, is_event: bool) -> int:
        """Make `seq` the highest; how many numbers are missing by that."""
        last_missing = seq - 1 if is_event else seq
        gap = last_missing - self.high
        self.lose(self.high + 1, last_missing)
        self.high = seq
        return gap


class Sequence(_Boot):
    """The event numbers of one device: those of its present boot, and of the boots before.

    It is its present boot itself. There are two sequences for each of 100,000 devices, and a boot
    and a list of boots within each would be most of their memory.
    """

    __slots__ = ("_older", "_strays")

    def __init__(self) -> None:
        super().__init__(_UNHEARD, -1, 0, ())
        self._older: tuple[_Boot, ...] = ()  # the latest first
        self._strays = 0

    def event(self, boot: str, seq: int) -> Step:
        """Take note of an event."""
        if self.id != boot:
            return self._elsewhere(boot, seq, is_event=True)
        if seq == self.high + 1:
            self._strays = 0
            self.high = seq
            return _NEXT
        step = self.place(seq)
        if step is not _SEEN:  # a second delivery proves nothing of now
            self._strays = 0
        return step

    def heartbeat(self, boot: str, seq: int) -> Step:
        """Take note of a heartbeat that names `seq` as the last event; it brings none itself."""
        if self.id != boot:
            return self._elsewhere(boot, seq, is_event=False)
        if seq == self.high:
            self._strays = 0
            return _NEXT
        if seq < self.high:
            return _BEHIND
        self._strays = 0
        return Step(Place.NEXT, self.advance(seq, is_event=False))

    def has_seen(self, boot: str, seq: int) -> bool:
        """Whether this very event was here before; changes nothing."""
        for known in (self, *self._older):
            if known.id == boot:
                return seq <= known.high and not known.is_missing(seq)
        return False

    def complete_to(self, boot: str) -> int | None:
        """The highest number of a boot with none missing below it, None where there is none.

        Numbers from before the device was first heard do not count as missing.
        """
        for known in (self, *self._older):
            if known.id == boot:
                gaps = (
                    max(first, known.base) for first, last in known.missing if last >= known.base
                )
                complete = min(gaps, default=known.high + 1) - 1
                return complete if complete >= known.base - 1 and complete >= 0 else None
        return None

    def is_present(self, boot: str, seq: int) -> bool:
        """Whether nothing newer than `seq` of `boot` is known."""
        return self.id == _UNHEARD or (self.id == boot and seq >= self.high)

    def _elsewhere(self, boot: str, seq: int, *, is_event: bool) -> Step:
        """A message of another boot than the present: an older one, or a new one."""
        for known in self._older:
            if known.id == boot:
                return self._late(known, seq, is_event=is_event)
        # The first message ever is where counting starts. A later boot is known to start at 1; a
        # device may number from 0, so that one is taken when it comes, but not missed.
        last_missing = seq - 1 if is_event else seq
        base = last_missing + 1
        if self.id != _UNHEARD:
            self._older = (self._as_past(), *self._older[: KEPT_BOOTS - 2])
            base = 1
        self.id = intern(boot)  # one copy for who recognises and who judges
        self.high, self.base, self.missing = seq, base, _missing_below(last_missing + 1)
        self._strays = 0
        gap = last_missing + 1 - base
        if gap <= 0:
            return _NEXT
        return Step(Place.AHEAD if is_event else Place.NEXT, gap)

    def _late(self, known: _Boot, seq: int, *, is_event: bool) -> Step:
        """A message of an older boot, which may prove to be the present one."""
        is_fresh = seq > known.high if is_event else seq >= known.high
        if is_fresh:
            self._strays += 1
            if self._strays >= STRAYS_TO_RETURN:
                self._return_to(known)
                return self.event(known.id, seq) if is_event else self.heartbeat(known.id, seq)
        if is_event:
            place, gap, filled = known.place(seq)
            return _SEEN if place is Place.SEEN else Step(Place.BEHIND, gap, filled)
        gap = known.advance(seq, is_event=False) if seq > known.high else 0
        return Step(Place.BEHIND, gap)

    def _return_to(self, known: _Boot) -> None:
        """Make an older boot the present one again."""
        self._older = (self._as_past(), *(each for each in self._older if each is not known))
        self.become(known)

    def _as_past(self) -> _Boot:
        """The present boot, to be kept among the older."""
        return _Boot(self.id, self.high, self.base, self.missing)

    def to_row(self) -> list[object]:
        """As JSON-able lists, for `from_row`."""
        boots = () if self.id == _UNHEARD else (self, *self._older)
        return [self._strays, [[each.id, each.high, each.base, each.missing] for each in boots]]

    @classmethod
    def from_row(
        cls, strays: int, boots: Iterable[tuple[str, int, int, Iterable[Iterable[int]]]]
    ) -> Sequence:
        """The sequence that `to_row` wrote."""
        sequence = cls()
        sequence._strays = strays
        known = [_boot(*boot) for boot in boots]
        if known:
            sequence.become(known[0])
            sequence._older = tuple(known[1:])
        return sequence


def _boot(id_: str, high: int, base: int, missing: Iterable[Iterable[int]]) -> _Boot:
    """A boot as a row has it."""
    ranges = tuple((first, last) for first, last in missing)
    return _Boot(intern(id_), high, base, _ZERO if ranges == _ZERO else ranges)


def _missing_below(first: int) -> tuple[Range, ...]:
    """What is missing of a boot of which `first` is the first that was heard of."""
    if first == 1:
        return _ZERO
    return ((0, first - 1),) if first > 0 else ()


def _holds(numbers: Range) -> bool:
    return numbers[0] <= numbers[1]
