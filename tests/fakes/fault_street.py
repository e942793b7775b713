"""A street as its homes file says it, and a gateway's directory around it, ready to be run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.broker import free_port
from gateway.config import Config, load
from gateway.init import init_data

PHONES = {
    "team-1/worker": "+8613900000001",
    "team-1/doctor": "+8613900000002",
    "team-1/police": "+8613900000003",
    "team-1/lead": "+8613900000004",
    "maintainers/first": "+8613900000008",
}
"""Who is told, by contact: one phone each."""

CONSOLE = '[[channels]]\nkind = "console"\n'
EACH_BY_ITSELF = """\
[spending]
bundle_s = 0
bundle_critical_s = 0
phone_per_15_min = 100000
phone_per_hour = 100000
phone_per_day = 100000
parts_per_day = 100000
"""
"""No text waits for another: each notice is seen by itself."""
NO_ESCALATION = """\
[policy.telling]
critical_step_s = 604800
step_s = 604800
"""


def code(home: int) -> str:
    """Return the house code of a home."""
    return f"440307{home:06d}"


def door(home: int) -> str:
    """Return the id of its door magnet."""
    return f"door-{home}"


def seal(home: int) -> str:
    """Return the id of its seal."""
    return f"seal-{home}"


def prepare(
    directory: Path,
    broker_port: int,
    homes: int,
    *,
    channels: str = CONSOLE,
    policy: str = NO_ESCALATION,
    spending: str = EACH_BY_ITSELF,
    now: datetime | None = None,
    per_device: Mapping[str, str] | None = None,
) -> Config:
    """Write configuration, homes, keys and token into `directory`; return the configuration.

    `per_device`: more TOML of a device, by its id.
    """
    directory.mkdir(parents=True, exist_ok=True)
    config_file = directory / "menshen.toml"
    config_file.write_text(
        '[gateway]\nname = "fault"\ndata_dir = "data"\n'
        f"[mqtt]\nport = {broker_port}\n[web]\nport = {free_port()}\n{channels}{spending}{policy}",
        encoding="utf-8",
    )
    text = _homes_file(homes, now or datetime.now(UTC), per_device or {})
    (directory / "homes.toml").write_text(text, encoding="utf-8")
    config = load(config_file)
    init_data(config)
    return config


def _homes_file(homes: int, now: datetime, per_device: Mapping[str, str]) -> str:
    served = now - timedelta(days=1)
    order = (
        f"{{ starts_at = {served.isoformat()}, ends_at = {(now + timedelta(days=13)).isoformat()},"
        f" notice_served_at = {served.isoformat()} }}"
    )
    parts = ['[[buildings]]\nid = "b-1"\nname = "南岭村1栋"\n']
    for team in ("team-1", "maintainers"):
        members = [
            f'{{ id = "{member}", role = "{_role(member)}", phones = ["{phone}"] }}'
            for contact, phone in PHONES.items()
            for owner, member in [contact.split("/")]
            if owner == team
        ]
        parts.append(f'[[teams]]\nid = "{team}"\nmembers = [{", ".join(members)}]\n')
    for home in range(homes):
        parts.append(
            f'[[homes]]\ncode = "{code(home)}"\nbuilding = "b-1"\nteam = "team-1"\n'
            f'address = "南岭村1栋{home:04d}"\norder = {order}\n'
        )
        parts += [
            f'[[devices]]\nid = "{device}"\nhome = "{code(home)}"\n{per_device.get(device, "")}\n'
            for device in (door(home), seal(home))
        ]
    return "\n".join(parts)


def _role(member: str) -> str:
    return "maintainer" if member == "first" else member
