"""The four digits by which people say and answer an incident.

A number is drawn at random, and is given to nobody else in its teams for seven days, nor as long
as its incident waits to be reviewed. When nearly all are taken, picking still ends: it looks on
from the drawn one for the next that is free, and with none free takes the one given longest ago,
those of reviewed incidents first.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from itertools import takewhile

from alerts.model import IncidentId
from alerts.state import State, Turn

Given = dict[str, tuple[IncidentId, datetime]]
"""One team's numbers, each with its incident and when it was given, the oldest first."""

KEPT = timedelta(days=7)
FIRST, LAST = 1000, 9999
DRAWS = 32
"""Draws before looking in order: with half of all numbers taken, 1 in 4e9 gets that far."""


def give(turn: Turn, teams: Collection[str], incident: IncidentId) -> str:
    """Pick a number for this incident and keep it in all of these teams."""
    number = pick(turn, teams)
    for team in teams:
        given = turn.state.numbers.setdefault(team, {})
        given.pop(number, None)  # the latest stands last
        given[number] = (incident, turn.now)
    return number


def keep_wanted(state: State) -> None:
    """Give back, after a restart, each incident not yet reviewed the number that it has."""
    for incident in state.incidents.values():
        held = incident.id, incident.opened_at
        state.numbers.setdefault(incident.team, {}).setdefault(incident.number, held)
    for team, given in state.numbers.items():
        state.numbers[team] = dict(sorted(given.items(), key=lambda each: each[1][1]))


def pick(turn: Turn, teams: Collection[str]) -> str:
    """Return a number that is free in all of these teams, and in others too if luck has it.

    A doctor may serve several teams: a number that no team has is sure to mean one thing.
    """
    for team in teams:
        _forget_old(turn, team)
    given = [turn.state.numbers.get(team, {}) for team in teams]
    everywhere = list(turn.state.numbers.values())
    free_here = None
    number = str(FIRST)
    for _ in range(DRAWS):
        number = str(turn.draws.four_digits())
        if not any(number in row for row in everywhere):
            return number
        if free_here is None and not any(number in row for row in given):
            free_here = number
    return free_here or _next_free(given, number) or _least_missed(turn, given)


def _next_free(given: list[Given], drawn: str) -> str | None:
    span = LAST - FIRST + 1
    for step in range(span):
        number = str(FIRST + (int(drawn) - FIRST + step) % span)
        if not any(number in row for row in given):
            return number
    return None


def _forget_old(turn: Turn, team: str) -> None:
    given, kept_from = turn.state.numbers.get(team, {}), turn.now - KEPT
    old = takewhile(lambda each: each[1][1] <= kept_from, given.items())
    for number in [n for n, (incident, _) in old if incident not in turn.state.incidents]:
        del given[number]


def _least_missed(turn: Turn, given: list[Given]) -> str:
    """Return the number given longest ago, one whose incident is reviewed if there is any."""

    def how_missed(number: str) -> tuple[bool, datetime, str]:
        held = [row[number] for row in given if number in row]
        is_wanted = any(incident in turn.state.incidents for incident, _ in held)
        return is_wanted, max(at for _, at in held), number

    return min((str(number) for number in range(FIRST, LAST + 1)), key=how_missed)
