"""From facts to what is lit and what sounds. Pure: whoever looks at it later sees the same.

The light that says *well* flashes, driven by the gateway's own loop: one that stands still, lit or
dark, belongs to a gateway that does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from alerts.clock import is_night
from alerts.model import Incident, IncidentId, IncidentState, Severity
from alerts.policy import Policy
from gateway.hardware.settings import BuzzerOutput, Output

STALE_S = 15.0
"""Facts older than this are none: the gateway is busy with something that does not end (ours)."""
TEST_S = 3.0
"""How long a test of the lights lasts (ours)."""


class Pattern(Enum):
    """What one output does, as (seconds on, seconds of the whole)."""

    OFF = auto()
    ON = auto()
    FLASH = auto()  # short, every 2 s
    BLINK = auto()
    HURRY = auto()

    def is_on(self, now: float) -> bool:
        """Say whether it is on at `now`, in seconds of a monotonic clock."""
        if self not in _RHYTHM:
            return self is Pattern.ON
        on_s, every_s = _RHYTHM[self]
        return now % every_s < on_s


_RHYTHM = {Pattern.FLASH: (0.25, 2.0), Pattern.BLINK: (1.0, 2.0), Pattern.HURRY: (0.25, 0.5)}
"""Seconds on, of seconds in all; the shortest lasts two steps."""
STEP_S = 0.125


@dataclass(frozen=True, slots=True)
class Facts:
    """What the lights depend on."""

    at: float  # seconds of the monotonic clock
    is_well: bool
    is_taken: bool = False  # an incident is being dealt with
    waits: bool = False  # an incident for somebody to report in
    urgent: frozenset[IncidentId] = frozenset()  # of these: critical ones
    help: frozenset[IncidentId] = frozenset()  # of these: calls for help


def facts(at: float, is_well: bool, incidents: Iterable[Incident]) -> Facts:
    """Gather the facts from health and from the incidents that are not yet reviewed."""
    current = [incident for incident in incidents if not incident.is_over]
    waiting = [incident for incident in current if incident.state is IncidentState.OPEN]
    return Facts(
        at,
        is_well,
        is_taken=len(current) > len(waiting),
        waits=bool(waiting),
        urgent=frozenset(each.id for each in waiting if each.severity is Severity.CRITICAL),
        help=frozenset(each.id for each in waiting if each.severity is Severity.HELP),
    )


@dataclass(slots=True)
class Panel:
    """Lights, buzzer, and what the button said to them."""

    policy: Policy
    known: Facts | None = None
    _silenced: set[IncidentId] = field(default_factory=set)
    _tested_at: float | None = None

    def learn(self, new: Facts) -> None:
        """Take in facts. What no longer waits is silenced no longer: it may come back."""
        self.known = new
        self._silenced &= new.urgent | new.help

    def silence(self) -> None:
        """Silence the buzzer for what it sounds for now, and for nothing that comes later."""
        if self.known is not None:
            self._silenced |= self.known.urgent | self.known.help

    def test(self, now: float) -> None:
        """Light everything for a moment."""
        self._tested_at = now

    def pattern(self, output: Output, now: float, wall: datetime) -> Pattern:
        """Return what an output does at `now`, which the wall's clock shows as `wall`, aware."""
        if self._tested_at is not None and now - self._tested_at < TEST_S:
            return Pattern.ON
        known = self.known
        if known is None or now - known.at > STALE_S:
            is_unwell_light = not isinstance(output, BuzzerOutput) and output.shows == "unwell"
            return Pattern.BLINK if is_unwell_light else Pattern.OFF
        if isinstance(output, BuzzerOutput):
            return self._buzzer(output, known, wall)
        if output.shows == "well":
            return Pattern.FLASH if known.is_well else Pattern.OFF
        if output.shows == "unwell":
            return Pattern.OFF if known.is_well else Pattern.BLINK
        return _incident(known)

    def _buzzer(self, output: BuzzerOutput, known: Facts, wall: datetime) -> Pattern:
        heard = known.urgent | known.help
        if is_night(wall, self.policy):
            heard = {"all": heard, "help": known.help, "none": frozenset[str]()}[output.at_night]
        return Pattern.BLINK if heard - self._silenced else Pattern.OFF


def _incident(known: Facts) -> Pattern:
    if known.urgent or known.help:
        return Pattern.HURRY
    if known.waits:
        return Pattern.BLINK
    return Pattern.ON if known.is_taken else Pattern.OFF
