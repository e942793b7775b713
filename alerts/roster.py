"""Who and what is watched: orders begin and end, devices are registered, moved and taken away.

An order that has begun runs until it was ended, and it is ended only on a clock that is known to
be right: a clock that jumped releases nobody.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from alerts import conditions, incident, supervision, telling
from alerts.model import DeviceInfo, Watch, WatchId
from alerts.outages import HOLD
from alerts.reason import Reason
from alerts.state import DeviceState, HomeState, Place, State, TimerKind, Turn
from alerts.suppress import places_of

ORDER_START = "order_start"
ORDER_END = "order_end"

LOOK_AGAIN = timedelta(hours=1)
"""How long until an order is looked at again that should end on a clock not trusted (ours)."""
ASK_AGAIN = timedelta(days=1)
"""How often the lead is asked about it (ours)."""


def enter_watch(state: State, watch: Watch, now: datetime) -> None:
    """Enter an order that was not ended, or what changed of it.

    It begins at once, or by itself when it is time; and ends only by its timer.
    """
    state.watches[watch.id] = watch
    state.teams[watch.team.id] = watch.team
    start, end = TimerKind(ORDER_START, watch.id), TimerKind(ORDER_END, watch.id)
    if watch.notice_served_at is None:
        state.running.discard(watch.id)
        state.timers.cancel(start)
        state.timers.cancel(end)
        return
    state.timers.set(end, watch.ends_at)
    if watch.id not in state.running:
        state.timers.set(start, watch.starts_at)
        if watch.starts_at <= now:
            state.running.add(watch.id)


def begin(turn: Turn, watch: Watch) -> None:
    """Begin to watch a home, by its devices and its building's: what is owed counts from now."""
    turn.state.running.add(watch.id)
    building = turn.state.places.get(f"building:{watch.building}", Place())
    for device_id in dict.fromkeys((*watch.devices, *building.devices)):
        device = turn.state.devices.get(device_id)
        if device is not None and device.info.watch in (watch.id, None):
            supervision.take_stock(turn, device_id, device)


def end_due(turn: Turn, watch_id: WatchId) -> None:
    """End an order whose time is over, if the clock can be believed; else ask again later."""
    if watch_id not in turn.state.running:
        return
    if not turn.state.clock_is_trusted:
        _wait_for_the_clock(turn, watch_id)
        return
    turn.state.running.discard(watch_id)
    for key, condition in list(turn.state.conditions.items()):
        if condition.watch == watch_id:
            conditions.end(turn, key, Reason.ORDER_ENDED, turn.now)
    turn.state.homes.pop(watch_id, None)
    turn.state.permits.pop(watch_id, None)
    turn.changes.orders_ended.append(watch_id)
    conditions.decide(turn, Reason.ORDER_ENDED, watch_id, None)
    incident.order_ended(turn, watch_id)


def _wait_for_the_clock(turn: Turn, watch_id: WatchId) -> None:
    """Go on watching, look again in an hour, and ask the lead once a day."""
    conditions.decide(turn, Reason.CLOCK_NOT_TRUSTED, watch_id, None, "order end")
    turn.state.timers.set(TimerKind(ORDER_END, watch_id), turn.now + LOOK_AGAIN)
    home = home_of(turn.state, watch_id)
    if home.lead_asked_at is None or abs(turn.now - home.lead_asked_at) >= ASK_AGAIN:
        home.lead_asked_at = turn.now
        telling.order_waits(turn, turn.state.watches[watch_id])


def enter_device(state: State, info: DeviceInfo, now: datetime) -> None:
    """Register a device, or move it. What was known of it is kept."""
    device = state.devices.get(info.id)
    if device is None:
        state.devices[info.id] = device = DeviceState(info)
    else:
        _leave_places(state, device)
        device.info = info
    join_places(state, device)
    if device.missing_since is None:
        supervision.supervise(state, info.id, device, now)


def moved(turn: Turn, device: DeviceState, before: WatchId | None) -> None:
    """Let what is unknown of a device that hung elsewhere be so at its new home, from now on."""
    if device.unknown_since is not None and device.info.watch != before:
        turn.put_known(device, turn.now)
        turn.put_unknown(device, supervision.why_unknown(device), turn.now)


def remove_device(turn: Turn, device_id: str, at: datetime) -> None:
    """Take a device away: nothing is owed by it any more, and what stands of it is over."""
    device = turn.state.devices.pop(device_id, None)
    if device is None:
        return
    if device.unknown_since is not None:
        turn.put_known(device, at)
    _leave_places(turn.state, device)
    turn.state.timers.cancel(TimerKind(HOLD, "", device_id))
    for key in [key for key in turn.state.conditions if key.device == device_id]:
        conditions.clear(turn, key, Reason.UNREGISTERED, at)


def join_places(state: State, device: DeviceState) -> None:
    """Count a device in its building and behind its bridge."""
    for subject in places_of(device.info):
        place = state.places.setdefault(subject, Place())
        place.devices.append(device.info.id)
        if device.trouble_since is not None:
            place.troubled[device.info.id] = device.trouble_since


def _leave_places(state: State, device: DeviceState) -> None:
    for subject in places_of(device.info):
        place = state.places[subject]
        place.devices.remove(device.info.id)
        place.troubled.pop(device.info.id, None)


def home_of(state: State, watch_id: WatchId) -> HomeState:
    """Return what is remembered of a home."""
    home = state.homes.get(watch_id)
    if home is None:
        home = state.homes[watch_id] = HomeState()
    return home
