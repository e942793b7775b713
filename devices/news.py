"""What is news: an observation judged against what was known of its device.

A repeated state, a second copy, a late event and a bridge's old memory are no new opening; which
of them it is, is said. There is no clock here: order comes from the device's own numbers, and
from what was known before.
"""

from __future__ import annotations

from collections.abc import Iterable
from sys import intern
from typing import NamedTuple

from devices.model import ENDED, MOMENTARY, Kind, News, Observation, Origin, Scope
from devices.sequence import Place, Sequence

FRESH_S = 60.0
"""An event sent later than this after it happened was kept back: it is aged."""

MAX_STATES = 64
"""States remembered of one device; beyond it the oldest is forgotten."""


class Judgement(NamedTuple):
    """What an observation is worth, and what it says of those that did not come."""

    news: News
    gap: int = 0  # events found missing by this message
    filled: int = 0  # events counted missing before, of which this is one


# An enum member costs 0.1 us to look up on its class, ten times what a global does.
_EVENT, _REPORT, _RETAINED, _CACHED = Origin.EVENT, Origin.REPORT, Origin.RETAINED, Origin.CACHED
_HEARTBEAT, _UNKNOWN, _STATUS_KEY = Kind.HEARTBEAT, Kind.UNKNOWN, Kind.STATUS.value
_BEHIND, _SEEN, _AHEAD = Place.BEHIND, Place.SEEN, Place.AHEAD

_NEW, _AGED, _FOUND = Judgement(News.NEW), Judgement(News.AGED), Judgement(News.FOUND)
_REPEATED, _DUPLICATE = Judgement(News.REPEATED), Judgement(News.DUPLICATE)
_LATE, _UNCERTAIN = Judgement(News.LATE), Judgement(News.UNCERTAIN)

_STATELESS = frozenset({Kind.HEARTBEAT, Kind.BATTERY, Kind.UNKNOWN})
_ENDS = {what: f"{kind.value}/{part}" for what, (kind, part) in ENDED.items()}
_LASTING = frozenset(_ENDS.values())
_OVER = "over"


class DeviceMemory:
    """What is known of one device. The caller owns it, keeps it and saves it as a row."""

    __slots__ = ("doubts", "sequence", "states")

    def __init__(self) -> None:
        self.sequence: Sequence | None = None  # None for a make that numbers nothing
        self.states: dict[str, str] = {}  # by `kind` or `kind/part`, as on the native wire
        # States whose next copy proves nothing: None until a contradiction came, then what it said.
        self.doubts: dict[str, str | None] | None = None

    @property
    def awaits_fresh(self) -> bool:
        """Whether some state of this device may next come as an old copy."""
        return bool(self.doubts)

    def state(self, kind: Kind, part: str = "main") -> str | None:
        """The last state known, None where none is."""
        return self.states.get(kind.value if part == "main" else f"{kind.value}/{part}")

    def to_row(self) -> list[object]:
        """As JSON-able lists, for `from_row`."""
        return [self.sequence and self.sequence.to_row(), self.states, self.doubts]

    @classmethod
    def from_row(cls, row: Iterable[object]) -> DeviceMemory:
        """The memory that `to_row` wrote; ValueError or TypeError for anything else."""
        sequence, states, doubts = row
        memory = cls()
        if sequence is not None:
            memory.sequence = Sequence.from_row(*sequence)  # type: ignore[misc]
        # The same few words for all devices, not a copy each.
        memory.states = {intern(key): intern(state) for key, state in states.items()}  # type: ignore[attr-defined]
        memory.doubts = doubts  # type: ignore[assignment]
        return memory


def recognise(memory: DeviceMemory, boot: str, seq: int) -> bool:
    """Whether this very event was here before; changes nothing."""
    return memory.sequence is not None and memory.sequence.has_seen(boot, seq)


def bridge_restarted(memory: DeviceMemory) -> None:
    """Expect old copies: a bridge sends what it remembers of this device as if it were fresh."""
    # Availability is the bridge's own fact of now.
    memory.doubts = {key: None for key in memory.states if key != _STATUS_KEY} or None


def tells_bridge_restart(observation: Observation, news: News) -> bool:
    """Whether this makes the bridge's devices due for `bridge_restarted`.

    A live word of the bridge's state is sent at its start or as its last will, even if it repeats
    what was known; the broker's copy tells something only if it was not known.
    """
    return (
        observation.scope is Scope.GATEWAY
        and observation.kind is Kind.STATUS
        and (observation.origin is _EVENT or news is not News.REPEATED)
    )


def judge(memory: DeviceMemory, observation: Observation) -> Judgement:
    """Judge one observation and remember what it says."""
    origin = observation.origin
    if origin is _RETAINED or origin is _CACHED:
        return _judge_copy(memory, observation)
    boot, seq = observation.boot, observation.seq
    if boot is None or seq is None:
        return _judge_unnumbered(memory, observation)
    sequence = memory.sequence
    if sequence is None:
        sequence = memory.sequence = Sequence()
    if observation.kind is _HEARTBEAT:
        place, gap, _ = sequence.heartbeat(boot, seq)
        if place is _BEHIND:
            return Judgement(News.LATE, gap) if gap else _LATE
        return Judgement(News.REPEATED, gap) if gap else _REPEATED
    if origin is _REPORT:
        if not sequence.is_present(boot, seq):
            return _LATE
        return _judge_report(memory, observation)
    place, gap, filled = sequence.event(boot, seq)
    if place is _SEEN:
        return _DUPLICATE
    if place is _BEHIND:
        return Judgement(News.LATE, gap, filled) if gap or filled else _LATE
    judgement = _judge_event(memory, observation, place)
    return Judgement(judgement.news, gap, filled) if gap or filled else judgement


def _judge_event(memory: DeviceMemory, observation: Observation, place: Place) -> Judgement:
    """The newest numbered event of its device."""
    kind, state = observation.kind, observation.state
    key = _key(observation)
    if memory.states.get(key) == state and place is not _AHEAD:
        _settle_doubt(memory, key)
        return _REPEATED
    if kind in _STATELESS:
        return _REPEATED
    # After a gap the same state again is no repetition: the change back is what went missing.
    if (kind, state) not in MOMENTARY:
        _remember(memory, key, state)
    return _AGED if (observation.age_s or 0) > FRESH_S else _NEW


def _judge_report(memory: DeviceMemory, observation: Observation) -> Judgement:
    """A state that the device itself restates."""
    key, state = _key(observation), observation.state
    if memory.states.get(key) == state:
        _settle_doubt(memory, key)
        return _REPEATED
    if observation.kind in _STATELESS:
        return _REPEATED
    _remember(memory, key, state)
    return _FOUND


def _judge_unnumbered(memory: DeviceMemory, observation: Observation) -> Judgement:
    """A make without numbers: each message restates, and only a change is an event."""
    kind, state = observation.kind, observation.state
    key = _key(observation)
    states, doubts = memory.states, memory.doubts
    known = states.get(key)
    if known == state:
        if doubts:
            _settle_doubt(memory, key)
        return _REPEATED
    if kind in _STATELESS:
        if state in _ENDS and kind is _UNKNOWN:
            _remember(memory, _ENDS[state], _OVER)
        return _REPEATED
    if (kind, state) in MOMENTARY and key not in _LASTING:
        return _AGED if (observation.age_s or 0) > FRESH_S else _NEW
    was_doubted = doubts is not None and key in doubts
    if doubts is not None and was_doubted and doubts[key] is None:
        doubts[key] = state
        return _UNCERTAIN
    # What a copy said and a second message says again is true now; nobody saw it happen.
    is_confirmed = doubts is not None and was_doubted and doubts[key] == state
    _remember(memory, key, state)
    if known is None or is_confirmed:
        return _FOUND
    return _AGED if (observation.age_s or 0) > FRESH_S else _NEW


def _judge_copy(memory: DeviceMemory, observation: Observation) -> Judgement:
    """A broker's or bridge's copy of unknown age: it may tell a state, never a change."""
    kind, state = observation.kind, observation.state
    if kind in _STATELESS:
        return _REPEATED
    key = _key(observation)
    if (kind, state) in MOMENTARY and key not in _LASTING:
        return _UNCERTAIN
    known = memory.states.get(key)
    if known == state:
        return _REPEATED
    if known is None:
        _remember(memory, key, state)
        return _FOUND
    if memory.doubts is None:
        memory.doubts = {}
    memory.doubts[key] = state
    return _UNCERTAIN


def _key(observation: Observation) -> str:
    kind: str = observation.kind._value_
    part = observation.part
    return kind if part == "main" else f"{kind}/{part}"


def _remember(memory: DeviceMemory, key: str, state: str) -> None:
    states = memory.states
    if key not in states and len(states) >= MAX_STATES:
        del states[next(iter(states))]
    states[key] = state
    _settle_doubt(memory, key)


def _settle_doubt(memory: DeviceMemory, key: str) -> None:
    if memory.doubts is not None:
        memory.doubts.pop(key, None)
        if not memory.doubts:
            memory.doubts = None
