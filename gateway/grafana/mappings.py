"""Which word and colour each state has; a word that is not known here is shown as it came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, permutations

from alerts.model import (
    TEAM_ROLES,
    Cause,
    ConditionKind,
    IncidentState,
    Matter,
    NoticeKind,
    NoticeState,
    Role,
    Severity,
)
from alerts.wording import WORDINGS
from gateway.grafana.colours import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PALE,
    PURPLE,
    RED,
    SKY,
    YELLOW,
)
from gateway.grafana.query import Json
from gateway.grafana.words import Words
from gateway.homes.look import Standing
from gateway.web.words import LANGUAGES as STATUS_PAGE


@dataclass(frozen=True, slots=True)
class Worded:
    """Words and colours by value, in the order in which a legend has them."""

    values: Mapping[str, tuple[str, str]]
    """By value: its word and its colour, "" for none of its own."""
    nothing: tuple[str, str] | None = None
    """What stands for no value at all."""

    def to_json(self) -> list[Json]:
        """Return it as Grafana's value mappings."""
        options = {
            value: _result(word, colour, index)
            for index, (value, (word, colour)) in enumerate(self.values.items())
        }
        made: list[Json] = [{"type": "value", "options": options}] if options else []
        if self.nothing:
            result = _result(*self.nothing, len(options))
            made.append({"type": "special", "options": {"match": "null+nan", "result": result}})
        return made


def _result(word: str, colour: str, index: int) -> Json:
    made: Json = {"text": word, "index": index}
    return {**made, "color": colour} if colour else made


STATE_COLOURS = {
    # door, seal, tamper
    "closed": GREEN,
    "open": YELLOW,
    "applied": GREEN,
    "broken": RED,
    "removed": RED,
    "off": GREEN,
    "on": RED,
    # camera
    "uncovered": GREEN,
    "covered": RED,
    "fault": ORANGE,
    "exit": RED,
    "entry": ORANGE,
    "loitering": YELLOW,
    "gathering": YELLOW,
    "motion": SKY,
    # power, the path to a device, its proof of life
    "ok": GREEN,
    "mains": GREEN,
    "battery": YELLOW,
    "low": ORANGE,
    "level": SKY,
    "online": GREEN,
    "sleeping": GREEN,
    "offline": ORANGE,
    "alive": GREEN,
    # buttons
    "help": PURPLE,
    "announce": BLUE,
    # permits, by what for
    "meal": BLUE,
    "test": BLUE,
    "medical": BLUE,
    "waste": BLUE,
    "delivery": BLUE,
    "other": BLUE,
    "announced": BLUE,
    "none": PALE,
    "unknown": GREY,
}
"""By the word a device or permit is said to be. Blue is announced: it looks harmless, and is."""

STANDING_COLOURS = {
    Standing.INCIDENT: RED,
    Standing.UNKNOWN: GREY,
    Standing.QUIET: GREEN,
    Standing.UNWATCHED: PALE,
}
INCIDENT_COLOURS = {
    IncidentState.OPEN: RED,
    IncidentState.ACKNOWLEDGED: ORANGE,
    IncidentState.ON_SITE: BLUE,
    IncidentState.RESOLVED: GREEN,
    IncidentState.REVIEWED: BLACK,
}
SEVERITY_COLOURS = {
    Severity.HEALTH: SKY,
    Severity.MINOR: YELLOW,
    Severity.MAJOR: ORANGE,
    Severity.CRITICAL: RED,
    Severity.HELP: PURPLE,
}
NOTICE_COLOURS = {
    NoticeState.PENDING: YELLOW,
    NoticeState.SENDING: YELLOW,
    NoticeState.SENT: SKY,
    NoticeState.UNCONFIRMED: ORANGE,
    NoticeState.FAILED_TEMPORARY: ORANGE,
    NoticeState.DELIVERED: GREEN,
    NoticeState.FAILED_PERMANENT: RED,
    NoticeState.SUPERSEDED: BLACK,
    NoticeState.EXPIRED: GREY,
}
LEVEL_COLOURS = {"0": GREEN, "1": YELLOW, "2": RED}


_REPORTERS = (*TEAM_ROLES, Role.LEAD, Role.STREET)


def states(words: Words) -> Worded:
    """Map whatever a door, seal, camera, device or permit can be said to be."""
    return Worded(
        {state: (words.states[state], STATE_COLOURS[state]) for state in STATE_COLOURS},
        nothing=(words.states["unknown"], GREY),
    )


def standings(words: Words) -> Worded:
    """Map how a home stands."""
    said = STATUS_PAGE[words.tag].standing
    return Worded({each: (said[each], STANDING_COLOURS[each]) for each in STANDING_COLOURS})


def incident_states(words: Words) -> Worded:
    """Map how far an incident is."""
    said = {**STATUS_PAGE[words.tag].state, IncidentState.REVIEWED: words.terms["reviewed"]}
    return Worded({each: (said[each], INCIDENT_COLOURS[each]) for each in IncidentState})


def severities(words: Words) -> Worded:
    """Map how much something matters, a number."""
    said = STATUS_PAGE[words.tag].severity
    return Worded({str(int(each)): (said[each], SEVERITY_COLOURS[each]) for each in Severity})


def notice_states(words: Words) -> Worded:
    """Map what became of a text."""
    said = STATUS_PAGE[words.tag].notice
    return Worded({each: (said[each], NOTICE_COLOURS[each]) for each in NoticeState})


def notice_kinds(words: Words) -> Worded:
    """Map what a text is for."""
    return _plain((each, words.notice_kinds[each]) for each in NoticeKind)


def matters(words: Words) -> Worded:
    """Map what an incident is about."""
    return _plain((each, words.matters[each]) for each in Matter)


def causes(words: Words) -> Worded:
    """Map what an incident was in the end."""
    return _plain((each, words.causes[each]) for each in Cause)


def roles(words: Words) -> Worded:
    """Map who a person is to a home; `system` where nobody did it."""
    said = WORDINGS[words.tag].roles
    return _plain([*((each, said[each]) for each in Role), ("system", words.terms["system"])])


def conditions(words: Words) -> Worded:
    """Map what a rule found true."""
    return _plain((each, condition(words, each)) for each in ConditionKind)


def condition(words: Words, kind: ConditionKind) -> str:
    """Return a condition as texts name it, or in words of its own where texts fill in a figure."""
    full = WORDINGS[words.tag].what[kind].full
    return words.conditions.get(kind, full)


def kinds(words: Words) -> Worded:
    """Map what a fact is about."""
    return _plain(words.kinds.items())


def reasons(words: Words) -> Worded:
    """Map why anything was decided."""
    return _plain(words.reasons.items())


def parts(words: Words) -> Worded:
    """Map the parts of the gateway."""
    return _plain(STATUS_PAGE[words.tag].part.items())


def found(words: Words) -> Worded:
    """Map why a part of the gateway is judged so."""
    return _plain(STATUS_PAGE[words.tag].reason.items())


def reporters(words: Words) -> Worded:
    """Map who reported in: roles in the order in which they did."""
    said = WORDINGS[words.tag].roles
    orders = chain.from_iterable(permutations(_REPORTERS, n) for n in range(1, len(TEAM_ROLES) + 1))
    named = (
        (",".join(order), words.terms["and"].join(said[role] for role in order)) for order in orders
    )
    return Worded({"": (words.terms["nobody"], RED), **dict(_plain(named).values)})


def levels(words: Words) -> Worded:
    """Map how bad a finding is, a number."""
    said = [*STATUS_PAGE[words.tag].judged.values()]
    return Worded(
        {str(n): (word, LEVEL_COLOURS[str(n)]) for n, word in enumerate(said)},
        nothing=(words.nothing, GREY),
    )


def yes_no(words: Words, *, yes: str, no: str) -> Worded:
    """Map a fact that is 1 or 0, with the colours that it has here."""
    return Worded({"1": (words.terms["yes"], yes), "0": (words.terms["no"], no)})


def up_down(words: Words) -> Worded:
    """Map whether a channel can send."""
    said = STATUS_PAGE[words.tag]
    return Worded({"1": (said.up, GREEN), "0": (said.down, RED)})


def _plain(pairs: Iterable[tuple[str, str]]) -> Worded:
    return Worded({value: (word, "") for value, word in pairs})
