"""Reads a homes file and checks what hangs together; an error names table, entry and remedy.

Phones, names and house codes never stand in an error: an entry is named by its id or position.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from alerts.channels.gsm import numbers
from alerts.policy import Policy
from devices.profiles.zigbee2mqtt import DEFAULT_BASE
from gateway.homes.street import HomeRow, Street, TeamRow
from gateway.homes.ways import Means
from gateway.homes.ways import problems as way_problems
from gateway.sense import check_policy, time_of_day
from gateway.settings import Setting, SettingsError, convert, nearest, read_file, settings_of

_OF_A_BRIDGE = "bridge:"
"""Subjects of bridges, and their rows among those of devices, begin so."""

AREA_LEVELS = ("city", "district", "street", "community", "grid")


def load_file(path: Path, means: Sequence[Means] | None = None) -> Street:
    """Read areas, buildings, teams, homes, devices and permits. Raises `SettingsError`.

    What people's channels are is checked against `means`, the configured ones, where given.
    """
    return check(read_file(path, Street), str(path), means)


def check(street: Street, file: str, means: Sequence[Means] | None = None) -> Street:
    """Return the street with its phones in E.164, or raise `SettingsError`."""
    problem = next(_problems(street, means), None)
    if problem is not None:
        raise SettingsError(f"{file}: {problem}")
    return msgspec.structs.replace(street, teams=tuple(map(_with_e164, street.teams)))


def settings() -> list[Setting]:
    """List every setting of a homes file, for docs/settings.md."""
    return settings_of(Street)


def merged_policy(policy: Policy, differing: dict[str, Any]) -> Policy:
    """Return a policy with a home's own settings over it. Raises `SettingsError`."""
    if not differing:
        return policy
    whole = msgspec.to_builtins(policy)
    for table, values in differing.items():
        if isinstance(values, dict) and isinstance(whole.get(table), dict):
            whole[table] |= values
        else:
            whole[table] = values
    merged = convert(whole, Policy, "policy")
    check_policy(merged, "policy")
    return merged


def e164(phone: str) -> str | None:
    """Return a phone in the form networks use, or None where it is none.

    Short service numbers stay as they are.
    """
    number = numbers.normalise(phone)
    is_short = re.fullmatch(r"[0-9]{3,8}", number) is not None
    return number if numbers.is_phone(number) or is_short else None


def _with_e164(team: TeamRow) -> TeamRow:
    def mended(members: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(
            msgspec.structs.replace(member, phones=tuple(e164(p) or p for p in member.phones))
            for member in members
        )

    return msgspec.structs.replace(team, members=mended(team.members), beyond=mended(team.beyond))


# ---- what hangs together ----


def _problems(street: Street, means: Sequence[Means] | None) -> Iterator[str]:
    yield from _area_problems(street)
    for team in street.teams:
        yield from _team_problems(team, means)
    yield from _twice("teams", (team.id for team in street.teams))
    yield from _home_problems(street)
    yield from _device_problems(street)
    codes = {home.code for home in street.homes}
    for index, permit in enumerate(street.permits, 1):
        where = f"permits[{index}]"
        yield from _no_such_home(where, permit.home, codes)
        yield from _backwards(where, permit.from_at, permit.until_at, ("from_at", "until_at"))


def _area_problems(street: Street) -> Iterator[str]:
    yield from _twice("areas", (area.id for area in street.areas))
    areas = {area.id: area for area in street.areas}
    for index, area in enumerate(street.areas, 1):
        where = f'areas[{index}] (id "{area.id}")'
        if area.parent:
            yield from _unknown(where, "parent", area.parent, areas)
            above = areas[area.parent].level
            if AREA_LEVELS.index(above) >= AREA_LEVELS.index(area.level):
                yield f"{where}: parent is a {above}, which does not stand above a {area.level}"
    yield from _twice("buildings", (building.id for building in street.buildings))
    for index, building in enumerate(street.buildings, 1):
        if building.area:
            where = f'buildings[{index}] (id "{building.id}")'
            yield from _unknown(where, "area", building.area, areas)


def _team_problems(team: TeamRow, means: Sequence[Means] | None) -> Iterator[str]:
    where = f'teams (id "{team.id}")'
    people = [*team.members, *team.beyond]
    shifts = {shift.name for shift in team.shifts}
    yield from _twice(f"{where}.shifts", (shift.name for shift in team.shifts))
    yield from _twice(f"{where}.members", (member.id for member in people))
    for shift in team.shifts:
        here = f'{where}.shifts (name "{shift.name}")'
        if _minutes(shift.starts, f"{here}.starts") == _minutes(shift.until, f"{here}.until"):
            yield f"{here}: starts and until are the same; leave the shift out for round the clock"
    for member in people:
        here = f'{where}.members (id "{member.id}")'
        if member.shift:
            yield from _unknown(here, "shift", member.shift, shifts)
        for index, phone in enumerate(member.phones, 1):
            if e164(phone) is None:
                yield f"{here}.phones[{index}]: is no phone number; write it like 13900000000"
        if means is not None:
            yield from way_problems(member, means, here)
    ids = {member.id for member in people}
    for index, override in enumerate(team.overrides, 1):
        here = f"{where}.overrides[{index}]"
        yield from _unknown(here, "absent", override.absent, ids)
        yield from _unknown(here, "instead", override.instead, ids)
        yield from _backwards(here, override.from_at, override.until_at, ("from_at", "until_at"))


def _home_problems(street: Street) -> Iterator[str]:
    first: dict[str, int] = {}
    for index, home in enumerate(street.homes, 1):
        if first.setdefault(home.code, index) != index:
            yield f"homes[{index}]: has the same code as homes[{first[home.code]}]"
    buildings = {building.id for building in street.buildings}
    teams = {team.id for team in street.teams}
    for index, home in enumerate(street.homes, 1):
        where = f"homes[{index}]"
        yield from _unknown(where, "building", home.building, buildings)
        yield from _unknown(where, "team", home.team, teams)
        order = home.order
        yield from _backwards(f"{where}.order", order.starts_at, order.ends_at)
        yield from _policy_problem(where, home)


def _policy_problem(where: str, home: HomeRow) -> Iterator[str]:
    try:
        merged_policy(Policy(), home.policy)
    except SettingsError as error:
        yield f"{where}: {error}"


def _device_problems(street: Street) -> Iterator[str]:
    yield from _twice(
        "devices",
        (device.id for device in street.devices),
        "each needs its own, a native device and one of Zigbee2MQTT too: rename one",
    )
    yield from _shared_ids(street)
    codes = {home.code for home in street.homes}
    buildings = {building.id for building in street.buildings}
    for index, device in enumerate(street.devices, 1):
        where = f'devices[{index}] (id "{device.id}")'
        if bool(device.home) == bool(device.building):
            yield f'{where}: give either "home" or "building"'
        elif device.home:
            yield from _no_such_home(where, device.home, codes)
        else:
            yield from _unknown(where, "building", device.building, buildings)


def _shared_ids(street: Street) -> Iterator[str]:
    """Yield ids under which the messages of something else would be taken for the device's."""
    bases = {device.bridge for device in street.devices if device.bridge}
    for index, device in enumerate(street.devices, 1):
        where = f'devices[{index}] (id "{device.id}").id'
        if device.id.startswith(_OF_A_BRIDGE):
            yield f'{where}: "{_OF_A_BRIDGE}" begins what is kept of bridges; rename the device'
        for base in sorted(bases - {device.bridge, DEFAULT_BASE}):  # there names stand alone
            if device.id.startswith(f"{base}/"):
                yield (
                    f'{where}: devices behind the bridge "{base}" have ids that begin so; '
                    f'write bridge = "{base}" if it is one of them, else rename it'
                )


def _unknown(where: str, key: str, value: str, known: Collection[str]) -> Iterator[str]:
    if value not in known:
        hint = nearest(value, known) if known else " (there is none in this file)"
        yield f'{where}.{key}: no such {key} "{value}"{hint}'


def _no_such_home(where: str, code: str, codes: Collection[str]) -> Iterator[str]:
    if code not in codes:
        yield f"{where}.home: no home in this file has this code"


def _twice(table: str, ids: Iterable[str], remedy: str = "each needs its own") -> Iterator[str]:
    for value, count in Counter(ids).items():
        if count > 1:
            yield f'{table}: "{value}" stands {count} times; {remedy}'


def _backwards(
    where: str,
    from_at: datetime,
    until_at: datetime,
    keys: tuple[str, str] = ("starts_at", "ends_at"),
) -> Iterator[str]:
    if until_at <= from_at:
        yield f"{where}: {keys[1]} is not later than {keys[0]}"


def _minutes(written: str, where: str) -> int:
    at = time_of_day(written, where)
    return at.hour * 60 + at.minute
