"""A directory without a database: devices that all hang at one home."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.export.directory import NEVER, Directory, Span, Where

WATCH = "5ad1"
HOME = Where(
    WATCH,
    ",building=b3,community=c1",
    ",grid=g1,home=440307006031203",
    ",team=team-3,watch=5ad1",
)


def directory_of(devices: Iterable[str]) -> Directory:
    """Return a directory of one home, with these devices at it for ever."""
    for_ever = (Span(-NEVER, NEVER, HOME),)
    return Directory(
        {WATCH: HOME}, {WATCH: "440307006031203"}, {}, dict.fromkeys(devices, for_ever)
    )
