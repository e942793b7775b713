"""The gateway's state, as the demo's picture shows it. Reads; decides nothing."""

from __future__ import annotations

from alerts.model import Incident, Matter
from alerts.render import place
from alerts.state import State
from alerts.wording import WORDINGS
from gateway.demo.story import Story
from gateway.demo.view import IncidentLine, Scene
from gateway.homes.look import Look, Standing, looks


def look(scene: Scene, state: State | None, story: Story) -> None:
    """Fill in homes and incidents. On the thread that owns the state."""
    if state is None:
        return
    code_of = {home.address: home.code for home in story.homes}
    help_wanted = {
        incident.watch
        for incident in state.incidents.values()
        if incident.matter is Matter.HELP and not incident.is_over
    }
    for one in looks(state):
        code = code_of.get(state.watches[one.watch].address, "")
        scene.homes[code] = "help" if one.watch in help_wanted else _word(one)
    still_open = [each for each in state.incidents.values() if not each.is_over]
    still_open.sort(key=lambda each: (-each.severity, each.opened_at))
    scene.incidents = [_line(state, each, scene) for each in still_open]


def _word(one: Look) -> str:
    if one.standing is Standing.INCIDENT:
        return "alarm"
    if one.standing is Standing.UNKNOWN:
        return "unknown"
    return "open" if one.doors_open else "watched"


def _line(state: State, incident: Incident, scene: Scene) -> IncidentLine:
    watch = state.watches.get(incident.watch or "")
    return IncidentLine(
        number=incident.number,
        place=watch.address if watch else place(incident.subject, _addresses(state, incident)),
        what=WORDINGS["zh"].what[incident.headline].shortest,
        level=incident.level if incident.matter is Matter.DEPARTURE else None,
        state=incident.state.value.replace("_", " "),
        next_in=incident.next_at - scene.now if incident.next_at else None,
    )


def _addresses(state: State, incident: Incident) -> tuple[str, ...]:
    building = incident.subject.partition(":")[2]
    return tuple(each.address for each in state.watches.values() if each.building == building)
