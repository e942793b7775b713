"""What one run of the engine decided, as values for whoever saves them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from alerts.model import (
    Condition,
    Decision,
    Incident,
    IncidentId,
    Notice,
    Permit,
    Silence,
    Transition,
    Unknown,
    WatchId,
)


@dataclass(slots=True)
class Changes:
    """What the engine decided: values to save, in one transaction with the cursor."""

    conditions: list[Condition] = field(default_factory=list)  # new and changed, by id
    incidents: list[Incident] = field(default_factory=list)  # new and changed, by id
    transitions: list[Transition] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    permits: list[Permit] = field(default_factory=list)  # new and changed, by id
    silences: list[Silence] = field(default_factory=list)
    supersede: list[IncidentId] = field(default_factory=list)
    """Their notices that were saved before this and still wait end, answers excepted."""
    retract: list[IncidentId] = field(default_factory=list)
    """Of these only what says who took them, or waits for the morning: it is true no more."""
    decisions: list[Decision] = field(default_factory=list)
    orders_ended: list[WatchId] = field(default_factory=list)  # never to begin again
    known: dict[str | None, datetime] = field(default_factory=dict)
    """By device, None for the gateway itself: when the span ended that was saved before this."""
    unknown: list[Unknown] = field(default_factory=list)  # spans that began; some are over too

    def __bool__(self) -> bool:
        return bool(
            self.conditions
            or self.incidents
            or self.transitions
            or self.notices
            or self.permits
            or self.silences
            or self.supersede
            or self.retract
            or self.decisions
            or self.orders_ended
            or self.known
            or self.unknown
        )
