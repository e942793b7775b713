"""Seals: a broken or removed one is a condition of now, however it was learnt."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.model import ConditionKind
from alerts.reason import Reason
from alerts.rules.finding import Clear, Finding, Raise, Scene


def seal(scene: Scene) -> Iterator[Finding]:
    """Judge a seal that was applied, broken or removed. No permit covers it."""
    state = scene.observation.state
    if state == "applied":
        yield Clear(ConditionKind.SEAL_BROKEN, Reason.SEAL_APPLIED)
        yield Clear(ConditionKind.SEAL_REMOVED, Reason.SEAL_APPLIED)
    elif state == "broken":
        yield Raise(ConditionKind.SEAL_BROKEN, Reason.SEAL_BROKEN)
    else:
        yield Raise(ConditionKind.SEAL_REMOVED, Reason.SEAL_REMOVED)
