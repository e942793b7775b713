"""A home shows as unknown when nobody can say what its door does, and names nobody."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from alerts.model import DeviceInfo, Incident, Team, Watch
from alerts.policy import Policy
from alerts.state import DeviceState, State
from gateway.homes.look import Missing, Standing, count, looks

NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)


def state(*, running: bool = True, door: str | None = "closed") -> State:
    watch = Watch(
        "w",
        "南岭村3栋1203",
        "3栋1203",
        "b",
        Team("t", ()),
        Policy(),
        NOW,
        NOW + timedelta(days=14),
        NOW,
        ("d",),
    )
    device = DeviceState(DeviceInfo("d", "w", "b"))
    if door is not None:
        device.memory.states["door/back"] = door
    found = State(watches={"w": watch}, devices={"d": device})
    if running:
        found.running.add("w")
    return found


def incident(*, is_over: bool) -> Incident:
    return cast("Any", SimpleNamespace(watch="w", is_over=is_over))


def test_a_home_whose_door_is_known_is_quiet() -> None:
    (look,) = looks(state())
    assert (look.standing, look.doors_open, look.devices) == (Standing.QUIET, 0, 1)
    assert "1203" not in repr(look)


def test_an_open_door_is_counted() -> None:
    assert looks(state(door="open"))[0].doors_open == 1


def test_a_home_of_which_no_door_was_ever_heard_is_unknown() -> None:
    assert looks(state(door=None))[0].standing is Standing.UNKNOWN


def test_a_home_with_a_silent_device_is_unknown_since_then() -> None:
    silent = state()
    silent.devices["d"].unknown_since = NOW
    silent.devices["d"].missing_since = NOW
    (look,) = looks(silent)
    assert (look.standing, look.unknown_since) == (Standing.UNKNOWN, NOW)
    assert look.missing == (Missing("d", "", NOW),)


def test_a_gateway_that_hears_nobody_knows_of_no_home() -> None:
    deaf = state()
    deaf.intake_lost_at = NOW
    assert looks(deaf)[0].standing is Standing.UNKNOWN


def test_an_open_incident_comes_before_unknown() -> None:
    both = state(door=None)
    both.incidents["i"] = incident(is_over=False)
    assert looks(both)[0].standing is Standing.INCIDENT


def test_a_resolved_incident_is_no_incident_any_more() -> None:
    over = state()
    over.incidents["i"] = incident(is_over=True)
    assert looks(over)[0].standing is Standing.QUIET


def test_a_home_whose_order_does_not_run_is_not_watched() -> None:
    found = looks(state(running=False, door=None))
    assert found[0].standing is Standing.UNWATCHED
    assert count(found) == {Standing.UNWATCHED: 1}
