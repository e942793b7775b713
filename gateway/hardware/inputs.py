"""When a change of a circuit is believed, what it means, and how long a button was held. Pure.

Contacts bounce, wires pick up noise, and edges come from another thread, late or not at all: a
level counts once it has lasted. `now` is seconds of a monotonic clock, an argument everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from devices.model import Kind
from gateway.hardware.settings import ButtonInput, Input, MainsInput, SealInput, WiredInput

RESTLESS_S = 2.0
"""A circuit that has not come to rest after this long is taken for disturbed (ours): a wire that
somebody is working at must not stay "closed" by never being still."""

HELD_S = 3.0
"""A button held this long asks for more than a press (ours)."""


class Debounce:
    """One circuit: its level once it has lasted `lasting_s`.

    The first level is found like every later one: a long wire needs its moment after the pull
    resistor is switched on. `disturbed` is the level to assume of a circuit that never rests.
    """

    __slots__ = (
        *("_lasting_s", "_level", "_restless_since", "_since"),
        *("changed_at", "disturbed", "steady"),
    )

    def __init__(self, lasting_s: float, *, disturbed: bool) -> None:
        self.steady: bool | None = None
        """The level that is believed: whether the circuit is closed. None until one has lasted."""
        self.changed_at = 0.0
        """When what is believed began."""
        self.disturbed = disturbed
        self._lasting_s = lasting_s
        self._level: bool | None = None
        self._since = 0.0  # of the level
        self._restless_since: float | None = None

    def see(self, is_closed: bool, now: float) -> bool | None:
        """Take in the level as it is at `now`; return one that had become believed before."""
        believed = self.settle(now)
        if is_closed != self._level:
            self._level, self._since = is_closed, now
            if self._restless_since is None:
                self._restless_since = now
        return believed

    def settle(self, now: float) -> bool | None:
        """Return the level that is newly believed at `now`, None where nothing changed."""
        if self._restless_since is None:
            return None
        if now - self._since >= self._lasting_s:
            self._restless_since = None
            return self._believe(self._level, self._since)
        if now - self._restless_since >= RESTLESS_S:
            return self._believe(self.disturbed, self._restless_since)
        return None

    def due_at(self) -> float | None:
        """Return when `settle` is next worth asking; None at rest."""
        if self._restless_since is None:
            return None
        lasted_at = self._since + self._lasting_s
        if self.steady == self.disturbed:
            return lasted_at
        return min(lasted_at, self._restless_since + RESTLESS_S)

    def _believe(self, level: bool | None, since: float) -> bool | None:
        if level == self.steady:
            return None
        self.steady, self.changed_at = level, since
        return level


class Press(Enum):
    """What somebody did with the button."""

    PRESSED = auto()  # at once, so that the noise ends under the finger
    HELD = auto()


class Button:
    """Presses, of a button whose level is believed already."""

    __slots__ = ("_is_told", "_pressed_at")

    def __init__(self) -> None:
        self._pressed_at: float | None = None
        self._is_told = False

    def change(self, is_pressed: bool, now: float) -> Press | None:
        """Take in that it went down or up."""
        self._pressed_at, self._is_told = (now if is_pressed else None), False
        return Press.PRESSED if is_pressed else None

    def wait(self, now: float) -> Press | None:
        """Say, once, that it has been held."""
        if self._pressed_at is None or self._is_told or now - self._pressed_at < HELD_S:
            return None
        self._is_told = True
        return Press.HELD

    def due_at(self) -> float | None:
        """Return when it will have been held; None where nobody holds it."""
        return None if self._pressed_at is None or self._is_told else self._pressed_at + HELD_S


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the two levels of a circuit say of its device."""

    kind: Kind
    at_rest: str  # while all is well
    otherwise: str
    rests_closed: bool  # the circuit, while all is well

    def state(self, is_closed: bool) -> str:
        """Return the state that this level is."""
        return self.at_rest if is_closed == self.rests_closed else self.otherwise


def meaning(entry: WiredInput) -> Meaning:
    """Return what an input says."""
    rests_closed = rest_of(entry)
    if isinstance(entry, SealInput):
        return Meaning(Kind.SEAL, "applied", "broken", rests_closed)
    if isinstance(entry, MainsInput):
        return Meaning(Kind.POWER, "mains", "battery", rests_closed)
    return Meaning(Kind.DOOR, "closed", "open", rests_closed)


def debounce(entry: Input) -> Debounce:
    """Return a fresh one. A disturbed door is open, a seal broken; a button is not pressed."""
    rests_closed = rest_of(entry)
    is_button = isinstance(entry, ButtonInput)
    disturbed = rests_closed if is_button else not rests_closed
    return Debounce(entry.debounce_ms / 1000, disturbed=disturbed)


def rest_of(entry: Input) -> bool:
    """Return whether the circuit is closed while all is well."""
    return isinstance(entry, SealInput) or entry.normally == "closed"
