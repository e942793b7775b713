"""Circuits, devices and button together: levels in, messages and presses out. Pure.

What a circuit is found to be at the start is said as a state, by a heartbeat; what changes later
is an event. A device of which a pin cannot be read any more says nothing: it must not restate what
nobody sees.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from devices.model import Kind
from gateway.hardware.inputs import Button, Debounce, Meaning, Press, debounce, meaning, rest_of
from gateway.hardware.local import INTERVAL_S, Moment, WiredDevice
from gateway.hardware.settings import ButtonInput, Input, part_of
from gateway.wire import Arrival

_POWER = Kind.POWER


@dataclass(frozen=True, slots=True)
class Now:
    """One instant by both clocks."""

    monotonic: float  # seconds
    wall: Moment

    def back(self, at: float) -> Moment:
        """Return when `at`, of the monotonic clock, was."""
        return Moment(self.wall.at - (self.monotonic - at), self.wall.is_trusted)


@dataclass(slots=True)
class _Circuit:
    """One input of a device."""

    part: str
    meaning: Meaning
    debounce: Debounce
    was_found: bool = False


@dataclass(slots=True)
class _Speaker:
    """A device, its circuits, and when it next restates their states."""

    device: WiredDevice
    circuits: list[_Circuit] = field(default_factory=list)
    due_at: float | None = None  # None until every circuit was found
    is_blind: bool = False

    def is_due(self, now: float) -> bool:
        """Say whether it restates its states now."""
        if self.is_blind:
            return False
        if self.due_at is None:
            return all(circuit.was_found for circuit in self.circuits)
        return now >= self.due_at


@dataclass(slots=True)
class _Pressed:
    """A button, and whether it is down."""

    level_when_down: bool
    button: Button = field(default_factory=Button)
    is_down: bool = False


class Wiring:
    """Everything that is wired as an input. Times are seconds of a monotonic clock."""

    def __init__(self, inputs: Iterable[Input], boot: str, started: float) -> None:
        self._started = started
        self._levels: dict[int, Debounce] = {}
        self._buttons: dict[int, _Pressed] = {}
        self._circuits: dict[int, tuple[_Speaker, _Circuit]] = {}
        self._speakers: dict[str, _Speaker] = {}
        self._changes: list[tuple[int, bool, float]] = []  # pin, level, since
        for entry in inputs:
            level = self._levels[entry.pin] = debounce(entry)
            if isinstance(entry, ButtonInput):
                self._buttons[entry.pin] = _Pressed(not rest_of(entry))
                continue
            speaker = self._speakers.get(entry.device)
            if speaker is None:
                speaker = _Speaker(WiredDevice(entry.device, boot))
                self._speakers[entry.device] = speaker
            circuit = _Circuit(part_of(entry), meaning(entry), level)
            speaker.circuits.append(circuit)
            self._circuits[entry.pin] = speaker, circuit
        self.has_mains = any(each.meaning.kind is _POWER for _, each in self._circuits.values())
        """Whether any input tells of the mains."""
        self.on_battery_since: datetime | None = None
        """Since when one says that they are lost."""

    def see(self, pin: int, is_closed: bool, at: float) -> None:
        """Take in a level, read or told by an edge."""
        self._note(pin, self._levels[pin].see(is_closed, at))

    def lost(self, pins: Iterable[int]) -> None:
        """Let the devices behind these pins fall silent."""
        for pin in pins:
            if pin in self._circuits:
                self._circuits[pin][0].is_blind = True

    def due_at(self) -> float | None:
        """Return when `advance` next has something to do; None while nothing is to come."""
        dues = [level.due_at() for level in self._levels.values()]
        dues += [each.button.due_at() for each in self._buttons.values()]
        dues += [None if each.is_blind else each.due_at for each in self._speakers.values()]
        return min((due for due in dues if due is not None), default=None)

    def advance(self, now: Now) -> tuple[list[Arrival], list[Press]]:
        """Return what is to be said, and what was pressed, up to now."""
        for pin, level in self._levels.items():
            self._note(pin, level.settle(now.monotonic))
        changes, self._changes = self._changes, []
        said: list[Arrival] = []
        presses: list[Press | None] = []
        for pin, is_closed, since in changes:
            if pin in self._buttons:
                presses.append(_pressed(self._buttons[pin], is_closed, since))
            else:
                said += self._changed(*self._circuits[pin], is_closed, now.back(since))
        presses += [each.button.wait(now.monotonic) for each in self._buttons.values()]
        for speaker in self._speakers.values():
            if speaker.is_due(now.monotonic):
                speaker.due_at = now.monotonic + INTERVAL_S
                uptime_s = now.monotonic - self._started
                said.append(speaker.device.heartbeat(now.wall, uptime_s))
        return said, [press for press in presses if press is not None]

    def _note(self, pin: int, is_closed: bool | None) -> None:
        if is_closed is not None:
            self._changes.append((pin, is_closed, self._levels[pin].changed_at))

    def _changed(
        self, speaker: _Speaker, circuit: _Circuit, is_closed: bool, when: Moment
    ) -> Iterator[Arrival]:
        kind, state = circuit.meaning.kind, circuit.meaning.state(is_closed)
        if kind is _POWER:
            is_lost = state == circuit.meaning.otherwise
            self.on_battery_since = datetime.fromtimestamp(when.at, UTC) if is_lost else None
        if circuit.was_found:
            yield speaker.device.event(kind, circuit.part, state, when)
        else:
            circuit.was_found = True
            speaker.device.found(kind, circuit.part, state)


def _pressed(pressed: _Pressed, is_closed: bool, since: float) -> Press | None:
    is_down = is_closed == pressed.level_when_down
    if is_down == pressed.is_down:
        return None  # found at rest
    pressed.is_down = is_down
    return pressed.button.change(is_down, since)
