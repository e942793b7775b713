"""Looks through a street for homes nobody watches and hours in which nobody can be told. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from alerts.model import TEAM_ROLES, Role
from gateway.doctor.advice import Advice, bad, ok, warn
from gateway.homes.street import MAINTAINERS, MemberRow, ShiftRow, Street, TeamRow
from gateway.homes.ways import Means, Reach, ways_of

DAY_MIN = 24 * 60


def examine(street: Street, means: Sequence[Means] = ()) -> Iterator[Advice]:
    """Examine homes, then each team; `means` are the configured channels."""
    yield from _homes(street)
    for team in street.teams:
        yield from _phones(team)
        if means:
            yield from _ways(team, means)
        if any(home.team == team.id for home in street.homes):
            yield from _roles(team)
            yield from _hours(team)
    if not any(team.id == MAINTAINERS and team.members for team in street.teams):
        yield warn(
            "teams",
            "nobody is told when equipment fails",
            f'add a team with id "{MAINTAINERS}" to the homes file',
        )


def _homes(street: Street) -> Iterator[Advice]:
    unserved = sum(home.order.notice_served_at is None for home in street.homes)
    watched = len(street.homes) - unserved
    with_device = {device.home for device in street.devices}
    bare = sum(home.code not in with_device for home in street.homes)
    yield ok("homes", f"{watched} of {len(street.homes)} have a notice on record")
    if unserved:
        yield warn(
            "homes",
            f"{unserved} without notice_served_at: not watched",
            "serve the notice in writing and put its date into the order",
        )
    if bare:
        yield warn("homes", f"{bare} without any device", "register the devices, or end the order")


def _phones(team: TeamRow) -> Iterator[Advice]:
    for member in (*team.members, *team.beyond):
        if not member.phones and not member.addresses:
            yield bad(
                f"team {team.id}",
                f"{member.id} has no phone and cannot be told anything",
                "add one to `phones`",
            )
        elif len(member.phones) == 1 and member.role is Role.LEAD:
            yield warn(
                f"team {team.id}",
                f"{member.id} leads and has one phone only",
                "add a second one, for when the first cannot be reached",
            )


def _ways(team: TeamRow, means: Sequence[Means]) -> Iterator[Advice]:
    """Say who is told by no way, by push alone, by one way only, or by none that needs no network.

    Whoever has no phone at all was named before.
    """
    is_push = {one.name: one.is_push for one in means}
    modems = {one.name for one in means if one.is_modem}
    ways: dict[str, list[str]] = {}
    for member in (*team.members, *team.beyond):
        reach = Reach(member.phones, member.channels, member.addresses)
        if member.phones or member.addresses:
            ways[member.id] = [way.channel for way in ways_of(reach, means)]

    def who(is_so: Callable[[list[str]], bool]) -> str:
        return ", ".join(member for member, channels in ways.items() if is_so(channels))

    part = f"team {team.id}"
    if found := who(lambda channels: not channels):
        yield bad(
            part,
            f"no configured channel reaches {found}",
            "add a channel for texts, or an address for one of the push channels",
        )
    if found := who(lambda channels: bool(channels) and all(is_push[each] for each in channels)):
        yield bad(
            part,
            f"{found} can be told by push alone, which proves nothing and takes no answer",
            "add a phone to `phones`, and a channel for texts to `channels`",
        )
    if found := who(lambda channels: len(channels) == 1):
        yield warn(
            part,
            f"one way only to {found}",
            "add a second phone, or configure a second channel",
        )
    if modems and (found := who(lambda channels: bool(channels) and not modems & {*channels})):
        yield warn(
            part,
            f"no way over a modem to {found}: nobody tells them while the network is gone",
            "add the modem's name to `channels`",
        )


def _roles(team: TeamRow) -> Iterator[Advice]:
    shifts = [shift.name for shift in team.shifts] or [""]
    missing = 0
    for shift in shifts:
        there = {member.role for member in team.members if _is_there(member, shift)}
        absent = [role.value for role in TEAM_ROLES if role not in there]
        when = f" on shift {shift}" if shift else ""
        missing += len(absent)
        if absent and Role.LEAD in there:
            yield warn(
                f"team {team.id}",
                f"no {', '.join(absent)}{when}: falls to the lead",
                "name somebody, where there is anybody",
            )
        elif absent:
            yield bad(
                f"team {team.id}",
                f"no {', '.join(absent)} and no lead{when}",
                "name a lead: somebody must take what an absent role cannot",
            )
    if not missing:
        yield ok(f"team {team.id}", "worker, doctor and police on every shift")
    if not team.beyond:
        yield warn(
            f"team {team.id}",
            "nobody is beyond the team where none of it reports in",
            "add the street's duty desk to `beyond`",
        )


def _is_there(member: MemberRow, shift: str) -> bool:
    return not member.shift or member.shift == shift


def _hours(team: TeamRow) -> Iterator[Advice]:
    """Say where the shifts leave part of the day to nobody."""
    if not team.shifts or any(not member.shift for member in team.members):
        return
    covered = set().union(*map(_minutes, team.shifts))
    if len(covered) < DAY_MIN:
        first = next(minute for minute in range(DAY_MIN) if minute not in covered)
        yield bad(
            f"team {team.id}",
            f"nobody is on shift for {DAY_MIN - len(covered)} minutes of the day, "
            f"first at {first // 60:02}:{first % 60:02}",
            "let the shifts meet, or leave out the shift of one member",
        )


def _minutes(shift: ShiftRow) -> set[int]:
    starts, until = (
        int(hour) * 60 + int(minute)
        for hour, minute in (written.split(":")[:2] for written in (shift.starts, shift.until))
    )
    length = (until - starts) % DAY_MIN
    return {(starts + minute) % DAY_MIN for minute in range(length)}
