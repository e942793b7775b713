"""What holds whatever happens, in whatever order: on a small street, with everything at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts import engine
from alerts.commands import Acknowledge, OnSite, Reopen, Resolve, Review
from alerts.model import ConditionKind, Matter, NoticeKind
from alerts.permits import AddSilence, GrantPermit
from alerts.reason import Reason
from alerts.state import Timers
from devices.model import Origin
from tests.fakes.street import Street, local

Act = tuple[Any, ...]

DEVICES = ("door-1", "door-2", "seal-1", "camera-1", "button-1")
SAID = {
    "door": ("open", "closed"),
    "seal": ("broken", "removed", "applied"),
    "camera": ("exit", "entry", "loitering", "gathering", "motion", "covered", "uncovered"),
    "button": ("help", "announce"),
}
PEOPLE = ("team-1/worker-day", "team-1/doctor-day", "team-1/lead", "supervisor")

devices = st.sampled_from(DEVICES)
facts = devices.flatmap(
    lambda device: st.tuples(st.just(device), st.sampled_from(SAID[device.partition("-")[0]]))
)
ages = st.sampled_from([None, None, None, 5, 400])
says = st.builds(lambda fact, skip, age: ("says", *fact, skip, age), facts, st.integers(0, 2), ages)
doors_say = st.builds(
    lambda device, state: ("says", device, state, 0, None),
    st.sampled_from(["door-1", "door-2"]),
    st.sampled_from(SAID["door"]),
)
restates = st.builds(
    lambda device, state, origin: ("restates", device, state, origin),
    st.sampled_from(["door-1", "door-2"]),
    st.sampled_from(SAID["door"]),
    st.sampled_from([Origin.REPORT, Origin.RETAINED, Origin.CACHED]),
)
paths = st.one_of(
    st.tuples(st.just("status"), devices, st.sampled_from(["online", "offline", "sleeping"])),
    st.tuples(st.just("bridge"), st.sampled_from(["online", "offline"])),
    st.tuples(st.just("power"), devices, st.sampled_from(["low", "ok", "battery", "mains"])),
    st.tuples(st.just("intake"), st.booleans()),
)
passes = st.tuples(st.just("passes"), st.sampled_from([1, 4, 30, 61, 125, 200, 1000, 4000]))
people = st.tuples(
    st.just("person"),
    st.sampled_from([Acknowledge, OnSite, Resolve, Review, Reopen]),
    st.integers(0, 3),
    st.sampled_from(PEOPLE),
)
permits = st.tuples(st.just("permit"), st.integers(1, 900))
silences = st.tuples(st.just("silence"), st.sampled_from(["w1", "building:b3", "device:door-2"]))
acts = st.lists(
    st.one_of(says, doors_say, restates, paths, passes, people, permits, silences),
    max_size=25,
)
without_calendar = st.lists(
    st.one_of(
        says.filter(lambda act: act[2] != "announce"), doors_say, restates, paths, passes, people
    ),
    max_size=15,
)


def a_street() -> Street:
    street = Street(at="14:30")
    street.home("w1", ends_at=local("00:00", 4000))
    for device in DEVICES:
        street.device(device, "w1", bridge="z1")
    street.bridge("z1", "online")
    return street


def act(street: Street, what: Act) -> None:
    match what:
        case "says", device, state, skip, age_s:
            street._seq[device] = street._seq.get(device, 0) + skip
            street.says(device, device.partition("-")[0], state, age_s=age_s)
        case "restates", device, state, origin:
            street.reports(device, "door", state, origin=origin)
        case "status", device, state:
            street.status(device, state)
        case "bridge", state:
            street.bridge("z1", state)
        case "power", device, state:
            street.says(device, "power", state)
        case "intake", is_lost:
            with street.turn() as turn:
                (engine.intake_lost if is_lost else engine.intake_back)(turn)
        case "passes", seconds:
            street.passes(seconds)
        case "person", command, which, actor:
            ids = sorted(street.state.incidents)
            if ids:
                street.command(command(ids[which % len(ids)], actor, "cli"))
        case "permit", seconds:
            until_at = street.now + timedelta(seconds=seconds)
            street.command(GrantPermit("w1", street.now, until_at, "meal", "lead"))
        case "silence", subject:
            until_at = street.now + timedelta(seconds=300)
            street.command(AddSilence(subject, street.now, until_at, "lead", "work"))


def check(street: Street) -> None:
    """Whatever happened, this is so."""
    state = street.state
    for incident in state.incidents.values():
        assert incident.next_at is not None
        step = [at for kind, at in state.timers.due.items() if kind.subject == incident.id]
        assert step == [incident.next_at]
    going_on = Counter(
        (incident.matter, incident.subject)
        for incident in state.incidents.values()
        if not incident.is_over
    )
    assert all(count == 1 for count in going_on.values())
    for key, condition in state.conditions.items():
        assert condition.is_standing
        assert (condition.kind, condition.subject, condition.device, condition.part) == key
    doors = {(key.device, key.part) for key in state.conditions if key.kind is ConditionKind.OPENED}
    assert all(home.open_doors == doors for home in state.homes.values())
    for device in state.devices.values():
        assert device.missing_since is None or device.unknown_since is not None
    unknown = {None: state.intake_lost_at} | {
        id_: device.unknown_since for id_, device in state.devices.items()
    }
    lasting = {each.device: each.from_at for each in street.tables.spans if each.until_at is None}
    assert lasting == {id_: since for id_, since in unknown.items() if since is not None}
    assert all(
        each.until_at is None or each.from_at <= each.until_at for each in street.tables.spans
    )


@settings(max_examples=150, deadline=None)
@given(acts)
def test_nothing_that_happens_breaks_what_must_hold(happens: list[Act]) -> None:
    street = a_street()
    for what in happens:
        act(street, what)
        check(street)


@settings(max_examples=150, deadline=None)
@given(acts, st.integers(0, 25))
def test_after_a_restart_everything_is_as_it_was(happens: list[Act], kill_at: int) -> None:
    street = a_street()
    for what in happens[:kill_at]:
        act(street, what)
    before = street.state
    street.restart()
    after = street.state
    assert after.conditions == before.conditions
    assert after.incidents == before.incidents
    assert after.members == before.members
    assert after.running == before.running
    assert _open_concerns(after) == _open_concerns(before)
    assert _open_doors(after) == _open_doors(before)
    assert _openings(street, after) == _openings(street, before)
    for what in ("step", "passed"):
        assert _timers(after.timers, what) == _timers(before.timers, what)
    doors = _timers(before.timers, "left_open")
    assert _timers(after.timers, "left_open").keys() == doors.keys()
    for what in happens[kill_at:]:
        act(street, what)
        check(street)


def _open_concerns(state: Any) -> dict[tuple[Matter, str], str]:
    return {
        concern: incident
        for concern, incident in state.concerns.items()
        if not state.incidents[incident].is_over
    }


def _open_doors(state: Any) -> set[tuple[str, str]]:
    return {door for home in state.homes.values() for door in home.open_doors}


def _openings(street: Street, state: Any) -> list[Any]:
    since = street.now - timedelta(minutes=30)
    return [at for home in state.homes.values() for at in home.openings if at > since]


def _timers(timers: Timers, what: str) -> dict[Any, Any]:
    return {kind: at for kind, at in timers.due.items() if kind.what == what}


@settings(max_examples=100, deadline=None)
@given(without_calendar, without_calendar, st.integers(1, 900))
def test_a_clock_that_steps_by_whole_days_changes_nothing_that_is_told(
    before: list[Act], after: list[Act], days: int
) -> None:
    def play(step: Callable[[Street], None]) -> tuple[list[Any], Counter[Reason]]:
        street = a_street()
        for what in before:
            act(street, what)
        step(street)
        street.forget()
        for what in after:
            act(street, what)
        street.passes(hours=1)
        told = [(each.contact, each.text, each.kind) for each in street.notices]
        return told, Counter(street.reasons)

    steady = play(lambda street: None)
    assert play(lambda street: street.clock_steps(timedelta(days=days))) == steady


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(doors_say, restates, passes), max_size=20))
def test_nobody_is_told_of_a_door_while_a_permit_covers_it(happens: list[Act]) -> None:
    street = a_street()
    until_at = street.now + timedelta(days=1)
    assert street.command(GrantPermit("w1", street.now, until_at, "move", "lead")).ok
    for what in happens:
        act(street, what)
    alarms = [each for each in street.notices if each.kind is not NoticeKind.HEALTH]
    assert alarms == []


@settings(max_examples=60, deadline=None)
@given(acts)
def test_the_same_happenings_decide_the_same_again(happens: list[Act]) -> None:
    streets = a_street(), a_street()
    for street in streets:
        for what in happens:
            act(street, what)
    assert streets[0].changes == streets[1].changes


@settings(max_examples=60, deadline=None)
@given(acts)
def test_a_restart_by_itself_tells_nobody_of_a_door(happens: list[Act]) -> None:
    street = a_street()
    for what in happens:
        act(street, what)
    street.restart(after_s=3600)
    known = set(street.tables.conditions)
    street.passes(59)  # what fell due meanwhile waits for the messages on their way
    new = [each for id_, each in street.tables.conditions.items() if id_ not in known]
    assert [each.kind for each in new if each.kind is ConditionKind.LEFT_OPEN] == []
