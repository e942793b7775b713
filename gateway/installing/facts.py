"""What one device said since somebody began to install it, folded for judging. Pure.

A broker's or bridge's copy, an event kept back from before, one that came before, and one older
than the newest prove nothing about the device as it hangs now, and are left out; each is counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from devices.model import Kind, News, Observation, Origin
from devices.news import MAX_STATES, DeviceMemory, judge

CLOCKS_DIFFER: Final = timedelta(minutes=2)
"""A device's synchronised clock may be behind ours by this much (ours)."""

_OLD = frozenset({News.AGED, News.LATE, News.DUPLICATE, News.UNCERTAIN})
_COPIES = frozenset({Origin.RETAINED, Origin.CACHED})


@dataclass(slots=True)
class Facts:
    """What counts, by `kind` or `kind/part` and state: when it last arrived."""

    since: datetime
    """When the installing began; what happened before counts for nothing."""
    heard_at: datetime | None = None
    said: dict[tuple[Kind, str], datetime] = field(default_factory=dict)
    """When each (kind, state) last arrived, whatever its part."""
    present: dict[tuple[Kind, str], str] = field(default_factory=dict)
    """The present state of each (kind, part)."""
    kinds: set[Kind] = field(default_factory=set)
    battery_pct: float | None = None
    link_quality: int | None = None
    rssi_dbm: int | None = None
    is_whole: bool = False
    """Whether it told all its states at once, so that what it left out it does not have."""
    ignored: int = 0
    """Copies and old news."""
    memory: DeviceMemory = field(default_factory=DeviceMemory)

    def take(self, observation: Observation, received_at: datetime) -> None:
        """Take in one observation that arrived, in the order of the journal."""
        news = judge(self.memory, observation).news
        if self._is_old(observation, news, received_at):
            self.ignored += 1
            return
        if observation.kind is Kind.STATUS and observation.state != "online":
            return  # the path ended: nothing heard
        self.heard_at = received_at
        kind = observation.kind
        if kind is Kind.HEARTBEAT or observation.seq is None:
            self.is_whole = True
        if kind not in (Kind.HEARTBEAT, Kind.UNKNOWN):
            self.kinds.add(kind)
            self.said[(kind, observation.state)] = received_at
            key = (kind, observation.part)
            if key in self.present or len(self.present) < MAX_STATES:
                self.present[key] = observation.state
        self._take_levels(observation)

    def copied(self) -> Facts:
        """Return these facts as they are now, for another thread to look at."""
        return replace(
            self, said=dict(self.said), present=dict(self.present), kinds=set(self.kinds)
        )

    def now_in(self, kind: Kind) -> set[str]:
        """Return the present states of a kind, of all parts."""
        return {state for (each, _), state in self.present.items() if each is kind}

    def _take_levels(self, observation: Observation) -> None:
        if observation.battery_pct is not None:
            self.battery_pct = observation.battery_pct
        if observation.link_quality is not None:
            self.link_quality = observation.link_quality
        if observation.rssi_dbm is not None:
            self.rssi_dbm = observation.rssi_dbm

    def _is_old(self, observation: Observation, news: News, received_at: datetime) -> bool:
        if observation.origin in _COPIES or news in _OLD or received_at < self.since:
            return True
        age = timedelta(seconds=observation.kept_back_s)
        if observation.kind is not Kind.HEARTBEAT and received_at - age < self.since:
            return True
        observed_at = observation.observed_at
        is_dated = observed_at is not None and observation.clock == "synced"
        return is_dated and observed_at < self.since - CLOCKS_DIFFER  # type: ignore[operator]  # dated
