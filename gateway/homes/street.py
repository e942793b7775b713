"""What a homes file says: the tables as people write them, each setting documented.

Nothing here is checked beyond its own table; `gateway.homes.file` checks what hangs together.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from alerts.model import DeviceClass, Role
from devices.profile import DeviceSettings

Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
"""Letters, digits, `_`, `.` and `-`: ids stand in records, addresses and commands."""
Text = Annotated[str, Meta(min_length=1, max_length=60)]
Instant = Annotated[datetime, Meta(tz=True)]

MAINTAINERS = "maintainers"
"""The team that is told when equipment fails."""


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class AreaRow(_Table, frozen=True):
    """One node of the tree city, district, street, community, grid."""

    id: Id
    """Its id; buildings and areas below name it."""
    name: Text
    """What people call it."""
    level: Literal["city", "district", "street", "community", "grid"]
    """Where in the tree it stands."""
    parent: str = ""
    """Id of the area above."""


class BuildingRow(_Table, frozen=True):
    """One building."""

    id: Id
    """Its id; homes and devices name it."""
    name: Text
    """What people call it; stands on the status page and in texts about outages."""
    area: str = ""
    """Id of the area it stands in."""
    category: Literal["urban_village", "estate", "factory", "commercial", "scattered"] = "estate"
    """What kind of building it is."""


class ShiftRow(_Table, frozen=True):
    """One turn of the day."""

    name: Id
    """Members name it."""
    starts: str
    """Local time it begins."""
    until: str
    """Local time it ends; earlier than `starts`: on the next day."""


class MemberRow(_Table, frozen=True):
    """One person of a team, or beyond it."""

    id: Id
    """Unique in the team; with the team's id it stands in records instead of the name."""
    role: Role
    """What the person is to the homes. A lead stands in for any absent role."""
    name: str = ""
    """Encrypted at rest; never in a text, a log or a record."""
    phones: tuple[str, ...] = ()
    """Encrypted at rest. The first is tried first, the next where it cannot be reached."""
    channels: tuple[str, ...] = ()
    """Names of the channels by which to tell this person, the first tried first, push after all
    texts; left out: all that are configured, in their order."""
    addresses: dict[str, Annotated[str, Meta(min_length=1, max_length=500)]] = {}
    """Encrypted at rest. By name of a push channel, this person's own address there:
    `{ mail = "mailtos://..." }`, or what stands for `{to}` in the channel's own."""
    shift: str = ""
    """Name of the shift; left out: on every shift."""

    def __repr__(self) -> str:
        return f"MemberRow({self.id!r})"  # no log ever shows a name, a phone or an address


class OverrideRow(_Table, frozen=True):
    """One person swapped in for another."""

    absent: str
    """Member id."""
    instead: str
    """Member id."""
    from_at: Instant
    """From when ..."""
    until_at: Instant
    """... until when."""


class TeamRow(_Table, frozen=True):
    """Who answers for homes. The team `maintainers` is told when equipment fails."""

    id: Id
    """Homes name it."""
    shifts: tuple[ShiftRow, ...] = ()
    members: tuple[MemberRow, ...] = ()
    beyond: tuple[MemberRow, ...] = ()
    """Street, district, departments: told one after the other where nobody reports in."""
    overrides: tuple[OverrideRow, ...] = ()


class OrderRow(_Table, frozen=True):
    """The observation period of a home."""

    starts_at: Instant
    """When it begins."""
    ends_at: Instant
    """When it ends by itself."""
    notice_served_at: Instant | None = None
    """When the resident was told in writing. Without it the home is not watched."""


class HomeRow(_Table, frozen=True):
    """One dwelling under an order."""

    code: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,40}$")]
    """House code."""
    building: str
    """Id of its building."""
    team: str
    """Id of the team that answers for it."""
    address: Text
    """As it stands in texts, with no name: "南岭村3栋1203"."""
    order: OrderRow
    """Its order."""
    short_address: str = ""
    """The same without village or street: "3栋1203"; taken where the text grows too long."""
    policy: dict[str, Any] = {}
    """Settings of `policy` that differ for this home: `{ opening = { left_open_s = 60 } }`."""


class DeviceRow(_Table, frozen=True):
    """One device, at a home or in a building."""

    id: Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[^#+]+$")]
    """Its id in the topic, or the name its bridge gives it."""
    home: str = ""
    """House code of the home it watches ..."""
    building: str = ""
    """... or, for a device of the house as a whole, id of the building."""
    device_class: DeviceClass = msgspec.field(default=DeviceClass.SLEEPING, name="class")
    """Whether it is on mains, or sleeps on a battery: how long it may say nothing."""
    bridge: str = ""
    """Id or base topic of the gateway it speaks through."""
    place: Annotated[str, Meta(max_length=12)] = ""
    """Where it hangs, for texts: "前门"."""
    settings: DeviceSettings = DeviceSettings()


class PermitRow(_Table, frozen=True):
    """An opening that was announced and granted."""

    home: str
    """House code."""
    from_at: Instant
    """From when ..."""
    until_at: Instant
    """... until when the door may be opened."""
    purpose: Literal["meal", "test", "medical", "waste", "delivery", "other"]
    """What for."""
    granted_by: Annotated[str, Meta(min_length=1, max_length=40)]
    """Who granted it: a contact such as `team-3/lead`, or an operator."""


class Street(_Table, frozen=True):
    """Everything a homes file says."""

    areas: tuple[AreaRow, ...] = ()
    buildings: tuple[BuildingRow, ...] = ()
    teams: tuple[TeamRow, ...] = ()
    homes: tuple[HomeRow, ...] = ()
    devices: tuple[DeviceRow, ...] = ()
    permits: tuple[PermitRow, ...] = ()
