"""What a report is made of, as values: read once, in one snapshot. Times are microseconds.

Nothing here is masked yet: `gateway.reports.naming` decides what of it may be shown.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from alerts.ledger import Line
from alerts.model import ENDS_BY_ITSELF, IncidentState
from gateway.accounts.areas import place_of
from gateway.homes.look import Standing
from gateway.intervals import Span, clip, covers, union
from gateway.reports.period import Period

_FIGURES = re.compile(r"(\d+)")
OUT_OF_HANDS = frozenset({IncidentState.RESOLVED, IncidentState.REVIEWED})
_TAKEN = frozenset({IncidentState.ACKNOWLEDGED, IncidentState.ON_SITE})


@dataclass(frozen=True, slots=True)
class Area:
    """One node of the area tree."""

    name: str
    level: str


@dataclass(frozen=True, slots=True)
class Places:
    """Areas and buildings."""

    areas: Mapping[str, Area]
    above: Mapping[str, str | None]
    buildings: Mapping[str, tuple[str, str | None]]
    """Name and area, by id."""

    def building(self, building: str) -> str:
        """Return what people call a building."""
        return self.buildings.get(building, (building, None))[0]

    def level(self, building: str, level: str) -> str:
        """Return the id of the area of a level in which a building stands; "" for none."""
        place = place_of(self.buildings.get(building, ("", None))[1], self.above)
        return next((each for each in place if self.areas[each].level == level), "")

    def area(self, area: str) -> str:
        """Return what people call an area; "" for none."""
        return self.areas[area].name if area in self.areas else ""

    def lies_in(self, building: str, area: str) -> bool:
        """Say whether a building stands in an area; everything stands in the area ""."""
        return not area or area in place_of(self.buildings.get(building, ("", None))[1], self.above)


@dataclass(frozen=True, slots=True)
class Home:
    """One home under an order, or that was to be."""

    watch: str
    code: str
    address: str
    building: str
    team: str
    starts_at: int
    ends_at: int
    watched: Span
    """In which its order ran and its notice was served."""
    devices: tuple[str, ...]
    says_of_door: bool
    """Whether any device of it ever said something of a door."""
    fitted_at: int
    """Since when a device has hung there: before it nobody could say anything."""


@dataclass(frozen=True, slots=True)
class Step:
    """One recorded change of an incident."""

    at: int
    from_state: str | None
    to_state: str
    reason: str
    actor: str


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident, as it stood when the period ended."""

    id: str
    number: str
    watch: str | None
    building: str
    """"": of the gateway itself, or of a bridge."""
    matter: str
    severity: int
    level: int
    headline: str
    team: str
    cause: str | None
    homes_blind: int
    opened_at: int
    steps: tuple[Step, ...]

    def state(self, at: int) -> str:
        """Return the state it was in at a moment."""
        return next((s.to_state for s in reversed(self.steps) if s.at <= at), IncidentState.OPEN)

    def is_open(self, at: int) -> bool:
        """Say whether somebody had to deal with it at a moment."""
        return self.opened_at <= at and self.state(at) not in OUT_OF_HANDS

    @property
    def taken_at(self) -> int | None:
        """When a person first reported in, came, or had dealt with it."""
        by_person = _TAKEN if self.ended_by_itself else _TAKEN | {IncidentState.RESOLVED}
        return self._first(by_person)

    @property
    def on_site_at(self) -> int | None:
        """When a person first was there."""
        return self._first({IncidentState.ON_SITE})

    @property
    def closed_at(self) -> int | None:
        """When it was over; None while it is not, or is open again."""
        if not self.steps or self.steps[-1].to_state not in OUT_OF_HANDS:
            return None
        since = None
        for step in reversed(self.steps):
            if step.to_state not in OUT_OF_HANDS:
                break
            since = step.at
        return since

    @property
    def ended_by_itself(self) -> bool:
        """Say whether no person was needed to end it."""
        return self.cause is not None and self.cause in {each.value for each in ENDS_BY_ITSELF}

    def _first(self, states: frozenset[IncidentState] | set[IncidentState]) -> int | None:
        return next((step.at for step in self.steps if step.to_state in states), None)


@dataclass(frozen=True, slots=True)
class Opening:
    """A door that opened, or was found open."""

    at: int
    watch: str
    reason: str
    is_announced_late: bool


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that was wrong with a device when the period ended."""

    since_at: int
    kind: str
    watch: str | None
    building: str
    device: str
    place: str


@dataclass(frozen=True, slots=True)
class Blind:
    """A span in which nobody could say something; `watch` None: of any home, the gateway was deaf
    or off."""

    span: Span
    reason: str
    watch: str | None
    is_over: bool


@dataclass(frozen=True, slots=True)
class Permit:
    """An announced opening."""

    id: str
    watch: str
    window: Span
    purpose: str
    granted_by: str
    revoked_at: int | None
    used_at: int | None


@dataclass(frozen=True, slots=True)
class Silence:
    """A subject of which nobody was told for a while."""

    watch: str | None
    building: str
    window: Span
    by: str


@dataclass(frozen=True, slots=True)
class Act:
    """Something of the audit; `role`: of who did it."""

    at: int
    action: str
    role: str


@dataclass(frozen=True)
class Known:
    """Everything."""

    period: Period
    zone: ZoneInfo
    span: Span
    as_of: int
    """The end of the period, or now where that is earlier: nothing later is looked at."""
    made_at: int
    places: Places
    homes: Sequence[Home]
    incidents: Sequence[Incident]
    openings: Sequence[Opening]
    faults: Sequence[Fault]
    blind: Sequence[Blind]
    permits: Sequence[Permit]
    silences: Sequence[Silence]
    acts: Sequence[Act]
    texts: Sequence[Line]
    released: int
    """Orders that were released in the period: what was known of their homes went with them."""
    roles: Mapping[str, str]
    """Role of each contact."""

    def unknown(self, home: Home) -> list[Span]:
        """Return when nobody could say what a home's door did, within the period, in order."""
        if not home.says_of_door:
            return [self.span]
        before = clip((self.span[0], home.fitted_at), self.span)
        return union([before, *self._blind_by_watch.get(home.watch, ()), *self.deaf])

    def standing(self, home: Home) -> Standing:
        """Return how a home stood when the period ended."""
        last = self.as_of - 1
        if not home.watched[0] <= last < home.watched[1]:
            return Standing.UNWATCHED
        if home.watch in self._concerned:
            return Standing.INCIDENT
        return Standing.UNKNOWN if covers(self.unknown(home), last) else Standing.QUIET

    @cached_property
    def deaf(self) -> list[Span]:
        """When the gateway heard nobody, or was off."""
        return union(each.span for each in self.blind if each.watch is None)

    @cached_property
    def opened(self) -> list[Incident]:
        """The incidents that were opened in the period."""
        return [each for each in self.incidents if self.span[0] <= each.opened_at < self.span[1]]

    @cached_property
    def _blind_by_watch(self) -> Mapping[str, list[Span]]:
        found: dict[str, list[Span]] = defaultdict(list)
        for each in self.blind:
            if each.watch is not None:
                found[each.watch].append(each.span)
        return found

    @cached_property
    def _concerned(self) -> frozenset[str]:
        return frozenset(i.watch for i in self.incidents if i.watch and i.is_open(self.as_of))


def counted(name: str) -> tuple[tuple[bool, int, str], ...]:
    """Return the key by which names stand as people count: 3栋 before 12栋."""
    return tuple(
        (not part.isdecimal(), int(part) if part.isdecimal() else 0, part)
        for part in _FIGURES.split(name)
        if part
    )
