"""A street to measure with: as many homes as wanted, each with one door, some with a seal too.

Every order has its notice served, so that every opening is decided on. A number is unique in its
team for seven days and has four digits: there are teams enough for every opening to get one.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

DOORS = "door"
"""Prefix of the ids of doors, as `firmware_sim.load` numbers them."""
HOMES_PER_BUILDING = 50
HOMES_PER_TEAM = 2000

_TEAM = """
[[teams]]
id = "team-{0}"
members = [
  {{ id = "worker", role = "worker", phones = ["139000{0:04}1"] }},
  {{ id = "doctor", role = "doctor", phones = ["139000{0:04}2"] }},
  {{ id = "police", role = "police", phones = ["139000{0:04}3"] }},
]
"""
_BUILDING = """
[[buildings]]
id = "b-{0}"
name = "南岭村{0}栋"
"""
_HOME = """
[[homes]]
code = "44030700600{0:08}"
building = "b-{1}"
team = "team-{2}"
address = "{3}"
order = {{ starts_at = {4}, ends_at = {5}, notice_served_at = {4} }}

[[devices]]
id = "{6}"
home = "44030700600{0:08}"
"""


def door_name(n: int) -> str:
    """Id of a door."""
    return f"{DOORS}-{n:06d}"


def seal_name(n: int) -> str:
    """Id of a seal; its home's address is the same word, to find its text by."""
    return f"seal-{n:06d}"


def write_homes(path: Path, doors: int, seals: int = 0) -> None:
    """Write a homes file with `doors` homes that have a door, and `seals` that have a seal."""
    count = doors + seals
    now = datetime.now(UTC).replace(microsecond=0)
    starts, ends = ((now + timedelta(days=days)).isoformat() for days in (-1, 13))
    parts = [_TEAM.format(n) for n in range(-(-count // HOMES_PER_TEAM))]
    parts += [_BUILDING.format(n) for n in range(-(-count // HOMES_PER_BUILDING))]
    for n in range(count):
        name = door_name(n) if n < doors else seal_name(n - doors)
        building, team = n // HOMES_PER_BUILDING, n // HOMES_PER_TEAM
        parts.append(_HOME.format(n, building, team, name, starts, ends, name))
    path.write_text("".join(parts), encoding="utf-8")
