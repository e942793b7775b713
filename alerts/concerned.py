"""Which homes, teams and policy an incident concerns: read from the state, changing nothing.

An incident about a home has one home. One about a building, a bridge or this gateway has all the
homes under orders there, and belongs to the maintainers. So does one about a device of a building,
which no home is blind without: it has none.
"""

from __future__ import annotations

from alerts import rota
from alerts.model import Incident, Matter, Team, Watch, WatchId
from alerts.policy import Policy
from alerts.route import EQUIPMENT, Circle
from alerts.state import DeviceState, State, Turn


def homes(state: State, subject: str) -> tuple[Watch, ...]:
    """Return the homes under orders at a building, behind a bridge, or of the whole gateway."""
    if subject in state.watches:
        return (state.watches[subject],)
    if subject == "gateway":
        watches = set(state.running)
    else:
        devices = state.places[subject].devices if subject in state.places else ()
        infos = (state.devices[device].info for device in devices if device in state.devices)
        watches = {info.watch for info in infos if info.watch is not None}
    return tuple(state.watches[each] for each in sorted(watches) if _is_under_order(state, each))


def _is_under_order(state: State, watch: WatchId) -> bool:
    return watch in state.running and watch in state.watches


def homes_blind(state: State, matter: Matter, subject: str) -> int:
    """Count the homes under orders of which somebody cannot be sure just now.

    Where the path itself is gone that is each home behind it, else those with a missing device.
    """
    if matter not in EQUIPMENT:
        return 0
    concerned = homes(state, subject)
    if subject == "gateway":
        return len(concerned)
    place = state.places.get(subject)
    if place is not None and place.offline_since is not None:
        return len(concerned)
    return sum(any(_is_missing(state, device) for device in watch.devices) for watch in concerned)


def team(state: State, incident: Incident) -> Team:
    """Return the team whose incident it is; one without people where nobody knows it any more."""
    watch = state.watches.get(incident.watch) if incident.watch is not None else None
    if watch is not None:
        return watch.team
    return state.teams.get(incident.team, Team(incident.team, ()))


def device_of_a_building(state: State, subject: str) -> DeviceState | None:
    """Return the device that an incident is about by itself: one of a house as a whole."""
    what, _, name = subject.partition(":")
    return state.devices.get(name) if what == "device" else None


def teams(state: State, matter: Matter, subject: str) -> tuple[Team, ...]:
    """Return every team that may be told: those of the homes, and who maintains the equipment."""
    found = {watch.team.id: watch.team for watch in homes(state, subject)}
    if matter in EQUIPMENT and state.maintainers_team in state.teams:
        found.setdefault(state.maintainers_team, state.teams[state.maintainers_team])
    return tuple(found.values())


def policy(state: State, incident: Incident) -> Policy:
    """Return the home's own policy, or the one for what belongs to no home."""
    watch = state.watches.get(incident.watch) if incident.watch is not None else None
    return watch.policy if watch is not None else state.policy


def circle(turn: Turn, incident: Incident) -> Circle:
    """Return who stands around the incident now."""
    state = turn.state
    is_equipment = incident.matter in EQUIPMENT
    found = {watch.team.id: watch.team for watch in homes(state, incident.subject)}
    return Circle(
        homes=tuple(found.values()),
        maintainers=state.teams.get(state.maintainers_team) if is_equipment else None,
        at_local=rota.local(turn.now, policy(state, incident).timezone),
    )


def _is_missing(state: State, device: str) -> bool:
    known = state.devices.get(device)
    return known is not None and known.missing_since is not None
