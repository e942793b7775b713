"""Takes one order out of what the engine knows: no rule, text or timer about it is left. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from alerts import conditions, incident, roster
from alerts.deadline import with_next_step
from alerts.model import IncidentState, WatchId
from alerts.permits import SILENCE_END
from alerts.reason import Reason
from alerts.state import TimerKind, Turn


def disarm(turn: Turn, watch: WatchId, devices: Iterable[str]) -> None:
    """End an order now: its conditions and incidents are over, its devices registered no more.

    `devices`: those at its home. Whether the time has come is the caller's decision.
    """
    _end_what_stands(turn, watch)
    for device in devices:
        roster.remove_device(turn, device, turn.now)
    _forget(turn, watch)


def _end_what_stands(turn: Turn, watch: WatchId) -> None:
    state = turn.state
    state.running.discard(watch)
    for key, condition in list(state.conditions.items()):
        if watch in (condition.watch, condition.subject):
            conditions.end(turn, key, Reason.ORDER_ENDED, turn.now)
    incident.order_ended(turn, watch)
    for each in list(state.incidents.values()):
        if each.watch == watch:  # nobody could review what nobody can see
            filed = replace(each, state=IncidentState.REVIEWED, reviewed_at=turn.now)
            after = with_next_step(turn, filed)
            incident.change(turn, each, after, Reason.ORDER_ENDED, incident.SYSTEM)
    conditions.decide(turn, Reason.ORDER_ENDED, watch, None)
    turn.changes.orders_ended.append(watch)


def _forget(turn: Turn, watch: WatchId) -> None:
    state = turn.state
    state.watches.pop(watch, None)
    state.homes.pop(watch, None)
    state.permits.pop(watch, None)
    for silence in state.silences.pop(watch, ()):
        state.timers.cancel(TimerKind(SILENCE_END, silence.id, silence.subject))
    for what in (roster.ORDER_START, roster.ORDER_END):
        state.timers.cancel(TimerKind(what, watch))
