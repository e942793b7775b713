"""Tamper contacts: somebody is at the device itself. No permit covers it."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.model import ConditionKind
from alerts.reason import Reason
from alerts.rules.finding import Clear, Finding, Raise, Scene


def tamper(scene: Scene) -> Iterator[Finding]:
    """Judge a tamper contact that went on or off, or was found so."""
    if scene.observation.state == "on":
        yield Raise(ConditionKind.TAMPERED, Reason.DEVICE_TAMPERED)
    else:
        yield Clear(ConditionKind.TAMPERED, Reason.TAMPER_OFF)
