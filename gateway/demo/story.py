"""The story that is played: who lives there, who is on duty, and what it demands of us.

Read from the simulator's own description, so that the two programs share words on a wire and no
code.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Any

import msgspec

from gateway.homes.street import MAINTAINERS, Street

DAY = {"name": "day", "starts": "08:00", "until": "20:00"}
NIGHT = {"name": "night", "starts": "20:00", "until": "08:00"}


class Building(msgspec.Struct, frozen=True):
    """A building; `area` names it from city down to grid."""

    code: str
    name: str
    area: tuple[str, ...]


class Home(msgspec.Struct, frozen=True):
    """One dwelling."""

    code: str
    address: str
    building: str


class Device(msgspec.Struct, frozen=True):
    """One simulated device."""

    id: str
    kind: str
    home: str
    building: str
    supply: str
    bridge: str | None


class Bridge(msgspec.Struct, frozen=True):
    """A simulated Zigbee2MQTT."""

    id: str
    building: str
    base: str


class Team(msgspec.Struct, frozen=True):
    """A team and its buildings."""

    id: str
    buildings: tuple[str, ...]


class Phone(msgspec.Struct, frozen=True):
    """A team member's simulated phone; no answers: that person never replies."""

    name: str
    role: str
    number: str
    teams: tuple[str, ...]
    shift: str
    answers: tuple[dict[str, Any], ...]


class Story(msgspec.Struct, frozen=True):
    """A scenario, as its simulator describes it. Times are scenario seconds."""

    name: str
    speed: float
    duration_s: float
    local_time: str
    utc_offset_h: float
    buildings: tuple[Building, ...]
    bridges: tuple[Bridge, ...]
    homes: tuple[Home, ...]
    devices: tuple[Device, ...]
    teams: tuple[Team, ...]
    phones: tuple[Phone, ...]

    def epoch(self, today: datetime) -> float:
        """Return the time of scenario second 0, since 1970: `local_time` on the day of `today`."""
        zone = timezone(timedelta(hours=self.utc_offset_h))
        at = time.fromisoformat(self.local_time)
        return datetime.combine(today.astimezone(zone).date(), at, zone).timestamp()

    def role_of(self, number: str) -> str:
        """Return what the owner of a phone is."""
        return next((phone.role for phone in self.phones if phone.number == number), "?")

    def name_in_texts(self, home: str | None, building: str | None) -> str | None:
        """Return how texts call a home or building, or None where the story has no such thing."""
        for one in self.homes:
            if one.code == home:
                return one.address
        return next((one.name for one in self.buildings if one.code == building), None)


def read(described: bytes) -> Story:
    """Read the simulator's description."""
    return msgspec.json.decode(described, type=Story, strict=False)


def street_of(story: Story, starts_at: datetime) -> Street:
    """Return the gateway's own account of the same street: every home has a served notice."""
    areas = _area_ids(story)
    tables: dict[str, Any] = {
        "areas": list(_areas(story)),
        "buildings": [
            {"id": building.code, "name": building.name, "area": areas[building.area]}
            for building in story.buildings
        ],
        "teams": [_team(story, team) for team in story.teams] + [_maintainers(story)],
        "homes": [_home(story, home, starts_at) for home in story.homes],
        "devices": [_device(story, device) for device in story.devices],
    }
    return msgspec.convert(tables, Street)


def _areas(story: Story) -> Iterator[dict[str, str]]:
    levels = ("city", "district", "street", "community", "grid")
    for path, id_ in _area_ids(story).items():
        parent = _area_ids(story).get(path[:-1], "")
        yield {"id": id_, "name": path[-1], "level": levels[len(path) - 1], "parent": parent}


def _area_ids(story: Story) -> dict[tuple[str, ...], str]:
    """Give each area an id, in order; the story calls areas by their names, city first."""
    paths = [building.area[:end] for building in story.buildings for end in range(1, 6)]
    return {path: f"area-{index}" for index, path in enumerate(dict.fromkeys(paths), 1)}


def _team(story: Story, team: Team) -> dict[str, Any]:
    members = [
        {
            "id": f"{phone.role}-{index}",
            "role": phone.role,
            "name": phone.name,
            "phones": [phone.number],
            "shift": "" if phone.shift == "all" else phone.shift,
        }
        for index, phone in enumerate(story.phones)
        if team.id in phone.teams
    ]
    return {"id": team.id, "shifts": [DAY, NIGHT], "members": members}


def _maintainers(story: Story) -> dict[str, Any]:
    """In the demo the lead looks after the equipment too."""
    leads = [phone for phone in story.phones if phone.role == "lead"]
    return {
        "id": MAINTAINERS,
        "members": [
            {"id": f"m-{index}", "role": "maintainer", "name": lead.name, "phones": [lead.number]}
            for index, lead in enumerate(leads)
        ],
    }


def _home(story: Story, home: Home, starts_at: datetime) -> dict[str, Any]:
    team = next(team.id for team in story.teams if home.building in team.buildings)
    served = (starts_at - timedelta(hours=2)).astimezone(UTC)
    return {
        "code": home.code,
        "building": home.building,
        "team": team,
        "address": home.address,
        "short_address": _short(story, home),
        "order": {
            "starts_at": served,
            "ends_at": served + timedelta(days=14),
            "notice_served_at": served,
        },
    }


def _short(story: Story, home: Home) -> str:
    """Return the address without what stands before the building's number."""
    building = next(one.name for one in story.buildings if one.code == home.building)
    number = next((i for i, letter in enumerate(building) if letter.isdigit()), 0)
    return home.address[number:]


def _device(story: Story, device: Device) -> dict[str, Any]:
    bases = {bridge.id: bridge.base for bridge in story.bridges}
    return {
        "id": device.id,
        "home": device.home,
        "class": "mains" if device.supply == "mains" else "sleeping",
        "bridge": bases.get(device.bridge or "", ""),
    }
