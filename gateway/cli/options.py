"""Options that several commands share, and how a person writes times and durations."""

from __future__ import annotations

import getpass
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}

Config = Annotated[
    Path,
    typer.Option("--config", "-c", envvar="MENSHEN_CONFIG", help="The configuration file."),
]
DEFAULT_CONFIG = Path("menshen.toml")

Json = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]

As = Annotated[
    str,
    typer.Option(
        "--as", metavar="NAME", help="Who does it, for the record.", default_factory=getpass.getuser
    ),
]


def duration(written: str) -> timedelta:
    """Read `90s`, `30m`, `2h`, `1d` or `1h30m`."""
    parts = re.findall(r"(\d+)([smhdw])", written)
    if not parts or "".join(number + unit for number, unit in parts) != written:
        raise typer.BadParameter(f"{written!r} is no duration; write it like 30m, 2h or 1d")
    return timedelta(seconds=sum(int(number) * _UNITS_S[unit] for number, unit in parts))


def instant(written: str, now: datetime) -> datetime:
    """Read a date with time, a local time of today, or how long ago it was; as aware UTC."""
    if re.fullmatch(r"(\d+[smhdw])+", written):
        return now - duration(written)
    local = now.astimezone()
    try:
        if re.fullmatch(r"\d{1,2}:\d{2}", written):
            hour, minute = map(int, written.split(":"))
            return local.replace(hour=hour, minute=minute, second=0, microsecond=0).astimezone(UTC)
        at = datetime.fromisoformat(written)
    except ValueError:
        raise typer.BadParameter(
            f"{written!r} is no time; write it like 14:30, 2026-11-21T14:30 or 7d for a week ago"
        ) from None
    return (at if at.tzinfo else at.replace(tzinfo=local.tzinfo)).astimezone(UTC)
