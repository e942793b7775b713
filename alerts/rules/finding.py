"""What a rule sees, and what it may answer. Rules are pure: they change nothing themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from alerts.model import Condition, ConditionKind, Permit, Watch
from alerts.reason import Reason
from alerts.state import ConditionKey, HomeState
from devices.model import News, Observation


@dataclass(frozen=True, slots=True)
class Scene:
    """One fact from a device at a watched home, and what is known there."""

    observation: Observation
    news: News
    at: datetime  # gateway clock, when it arrived
    watch: Watch
    home: HomeState
    standing: Mapping[ConditionKey, Condition]
    permit: Permit | None  # the one that covers the door at `at`

    def key(self, kind: ConditionKind, *, is_of_home: bool = False) -> ConditionKey:
        """Return the key under which this kind stands for this device and part, or the home."""
        if is_of_home:
            return ConditionKey(kind, self.watch.id, None, "")
        return ConditionKey(kind, self.watch.id, self.observation.device, self.observation.part)

    @property
    def door(self) -> tuple[str, str]:
        """Return the device and part that speak: for a door, which door."""
        return self.observation.device, self.observation.part

    def stands(self, kind: ConditionKind) -> Condition | None:
        """Return the standing condition of this kind, device and part."""
        return self.standing.get(self.key(kind))


class Raise(NamedTuple):
    """A condition is true from now on, or since `since_at`."""

    kind: ConditionKind
    reason: Reason
    detail: str = ""
    since_at: datetime | None = None
    is_of_home: bool = False  # not of this device alone


class Resume(NamedTuple):
    """A condition that seemed over is not: it stands again, and is nothing new."""

    condition: Condition
    reason: Reason


class Clear(NamedTuple):
    """A condition of this kind, device and part is over, if it stood."""

    kind: ConditionKind
    reason: Reason
    is_of_home: bool = False


class Wait(NamedTuple):
    """Look again at `at`: a timer for this device and part."""

    what: str
    at: datetime


class Use(NamedTuple):
    """A permit covered an opening."""

    permit: Permit


class Ignore(NamedTuple):
    """Nothing is raised, and why not."""

    reason: Reason
    detail: str = ""


Finding = Raise | Resume | Clear | Wait | Use | Ignore
