"""Who is told at once, and why it is them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from alerts import route
from alerts.model import ConditionKind, Contact, Matter, Role, Severity, Team
from alerts.reason import Reason
from alerts.route import Circle
from tests.fakes.street import maintainers, team

NOON = datetime(2026, 11, 21, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
WORKER, DOCTOR, POLICE = "worker-day", "doctor-day", "police-day"


def audience(
    matter: Matter,
    severity: Severity,
    headline: ConditionKind = ConditionKind.OPENED,
    *teams: Team,
    maintained: bool = True,
) -> list[str]:
    circle = Circle(teams or (team(),), maintainers() if maintained else None, NOON)
    found = route.audience(matter, severity, headline, circle)
    return [target.contact.id.removeprefix("team-1/") for target in found]


@pytest.mark.parametrize(
    ("matter", "severity", "headline", "told"),
    [
        (Matter.DEPARTURE, Severity.MINOR, ConditionKind.OPENED, [WORKER]),
        (Matter.DEPARTURE, Severity.MAJOR, ConditionKind.LEFT_OPEN, [WORKER, DOCTOR, POLICE]),
        (Matter.DEPARTURE, Severity.CRITICAL, ConditionKind.TAMPERED, [WORKER, DOCTOR, POLICE]),
        (Matter.HELP, Severity.HELP, ConditionKind.HELP, [WORKER, DOCTOR]),
        (Matter.VISIT, Severity.MINOR, ConditionKind.CAMERA_ENTRY, [WORKER]),
        (Matter.VISIT, Severity.MINOR, ConditionKind.LOITERING, [WORKER]),
        (Matter.VISIT, Severity.MAJOR, ConditionKind.GATHERING, [WORKER, POLICE]),
        (Matter.DEVICE, Severity.HEALTH, ConditionKind.SILENT, ["maintainers/m1", WORKER]),
        (Matter.OUTAGE, Severity.HEALTH, ConditionKind.OUTAGE, ["maintainers/m1", WORKER]),
    ],
)
def test_each_matter_reaches_those_whom_it_concerns(
    matter: Matter, severity: Severity, headline: ConditionKind, told: list[str]
) -> None:
    assert audience(matter, severity, headline) == told


def only(*contacts: Contact, beyond: tuple[Contact, ...] = ()) -> Team:
    return replace(team(), contacts=contacts, beyond=beyond)


def why(own: Team, role: Role = Role.DOCTOR) -> list[tuple[str, Reason]]:
    found = route.answering(own, role, NOON)
    return [(target.contact.id, target.reason) for target in found]


LEAD = Contact("lead", Role.LEAD)
LEAD_AT_NIGHT = Contact("lead-night", Role.LEAD, "night")
DOCTOR_AT_NIGHT = Contact("doctor-night", Role.DOCTOR, "night")
STREET = Contact("street", Role.STREET)


def test_the_lead_fills_in_for_two_absent_roles_and_is_told_once() -> None:
    worker = Contact("worker", Role.WORKER)
    found = audience(
        Matter.DEPARTURE, Severity.CRITICAL, ConditionKind.SEAL_BROKEN, only(worker, LEAD)
    )
    assert found == ["worker", "lead"]


def test_a_lead_on_call_comes_before_a_doctor_who_sleeps() -> None:
    assert why(only(DOCTOR_AT_NIGHT, LEAD)) == [("lead", Reason.STANDS_IN)]


def test_without_a_lead_on_call_the_role_is_told_off_shift() -> None:
    found = why(only(LEAD_AT_NIGHT, DOCTOR_AT_NIGHT))
    assert found == [("doctor-night", Reason.NOBODY_ON_CALL)]


def test_without_the_role_the_lead_is_told_off_shift() -> None:
    assert why(only(LEAD_AT_NIGHT)) == [("lead-night", Reason.NOBODY_ON_CALL)]


def test_where_the_team_has_nobody_those_beyond_it_are_told() -> None:
    assert why(only(beyond=(STREET,))) == [("street", Reason.NOBODY_ON_CALL)]


def test_only_the_first_on_call_is_told_at_once_the_others_are_another_phone() -> None:
    one, two = Contact("one", Role.WORKER), Contact("two", Role.WORKER)
    own = only(one, two)
    assert audience(Matter.DEPARTURE, Severity.MINOR, ConditionKind.OPENED, own) == ["one"]
    assert [each for each, _ in why(own, Role.WORKER)] == ["one", "two"]


def test_an_outage_without_maintainers_still_reaches_the_workers() -> None:
    found = audience(Matter.OUTAGE, Severity.HEALTH, ConditionKind.OUTAGE, maintained=False)
    assert found == [WORKER]


def test_a_worker_of_two_teams_is_told_of_their_outage_once() -> None:
    shared = Contact("shared", Role.WORKER)
    one, two = only(shared), replace(only(shared), id="team-2")
    found = audience(Matter.OUTAGE, Severity.HEALTH, ConditionKind.OUTAGE, one, two)
    assert found == ["maintainers/m1", "shared"]
