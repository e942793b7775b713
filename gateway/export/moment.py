"""How one home stands at a moment, and what of the time before it was watched and unknown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

from alerts.model import Watch
from alerts.rules.absence import reporting_time
from alerts.state import DeviceState, State
from alerts.supervision import rules_for
from alerts.suppress import permit_covering
from alerts.tables import from_micros, micros
from devices.model import Kind
from gateway.export import samples
from gateway.export.facts import standing
from gateway.homes.look import look_at
from gateway.intervals import Span, clip, length

_DOOR: Final = Kind.DOOR.value


class Window(NamedTuple):
    """What a sample counts, in microseconds since 1970 UTC."""

    since: int
    at: int


class Unknown(NamedTuple):
    """When a home was unknown, as far as a sample has to do with it."""

    window: Window
    before: Sequence[Span]  # that the sample before knew, and counted as far as they went then
    found: Sequence[Span]  # that were noted since, however far back they begin


def home(
    state: State,
    watch: Watch,
    has_incident: bool,
    now: datetime,
    unknown: Unknown,
) -> samples.OfHome:
    """Return how a home stands at `now`, and what is to be counted of it."""
    window, is_running = unknown.window, watch.id in state.running
    look = look_at(state, watch, has_incident)
    found = (state.devices.get(each) for each in watch.devices)
    devices = tuple(device(state, each, now) for each in found if each is not None)
    permit = permit_covering(state, watch.id, now)
    watched = watched_span(watch, is_running, window)
    # A home of which no device ever said anything of a door was unknown all the time.
    has_door = any(kind == _DOOR for each in devices for kind, _, _ in each.states)
    return samples.OfHome(
        watch=watch.id,
        devices=devices,
        permit=samples.NONE if permit is None else permit.purpose,
        standing=look.standing,
        doors_open=look.doors_open,
        unknown_s=unknown_s(watch, is_running, unknown) if has_door else _seconds(watched),
        watched_s=_seconds(watched),
        ends_in_s=(watch.ends_at - from_micros(window.at)).total_seconds(),
    )


def device(state: State, known: DeviceState, now: datetime) -> samples.OfDevice:
    """Return how a device stands at `now`."""
    heard_at = known.heard_at
    stands = (_standing(key, said) for key, said in known.memory.states.items())
    return samples.OfDevice(
        device=known.info.id,
        states=tuple(each for each in stands if each is not None),
        silent_s=None if heard_at is None else max(0.0, (now - heard_at).total_seconds()),
        owes_every_s=reporting_time(known, rules_for(state, known)).total_seconds(),
        is_missing=known.missing_since is not None,
        is_unknown=known.unknown_since is not None or state.intake_lost_at is not None,
        is_battery_low=known.is_battery_low,
        is_on_battery=known.mains_lost_since is not None,
    )


_standing = lru_cache(maxsize=1000)(standing)  # few words, said by many devices


def watched_span(watch: Watch, is_running: bool, window: Window) -> Span:
    """Return when in the window an order ran; one that is not ended yet runs on."""
    if watch.notice_served_at is None:
        return window.at, window.at
    begun = max(window.since, micros(watch.starts_at), micros(watch.notice_served_at))
    ended = window.at if is_running else min(window.at, micros(watch.ends_at))
    return begun, max(begun, ended)


def unknown_s(watch: Watch, is_running: bool, unknown: Unknown) -> float:
    """Return the unknown seconds of the window, and those before it that nobody knew of then."""
    window, before, found = unknown
    first = min((begun for begun, _ in found), default=window.since)
    begun, ended = watched_span(watch, is_running, Window(min(first, window.since), window.at))
    counted = begun, min(ended, window.since)
    return covered_s([*before, *found], (begun, ended)) - covered_s(before, counted)


def covered_s(spans: Iterable[Span], within: Span) -> float:
    """Return how many seconds of a span others cover, each second once."""
    return length(clip(each, within) for each in spans) / 1e6


def _seconds(span: Span) -> float:
    return (span[1] - span[0]) / 1e6
