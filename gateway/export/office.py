"""What is asked of export at run time, besides looking: to go back, and to offer lines again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from sqlalchemy import Connection

from gateway import config
from gateway.accounts.turn import Turn
from gateway.audit.chain import Action
from gateway.export import refused, rewinding
from gateway.export.directory import Directory
from gateway.export.preparing import kept
from gateway.export.refused import Retried
from gateway.export.rewinding import Rewound
from gateway.homes.store import standing_orders
from gateway.privacy import KeyStore

if TYPE_CHECKING:
    from gateway.desk import Desk
    from gateway.export.influx import Influx

T = TypeVar("T")

INFLUX = "influx"
"""What the audit calls it."""


class View(Protocol):
    """What is needed of a running gateway to look."""

    @property
    def keys(self) -> KeyStore: ...
    def now(self) -> datetime: ...
    def read(self) -> AbstractContextManager[Connection]: ...


class Act(Protocol):
    """What is needed of a running gateway to write."""

    def write(self, job: Callable[[Connection], T]) -> Awaitable[T]: ...


class Home(NamedTuple):
    """A home by what it is called in InfluxDB."""

    key: str
    house_code: str
    watch: str


@dataclass(frozen=True, slots=True)
class ExportOffice:
    """Export as the web server asks it. `wake` has the exporter look at once."""

    settings: config.Influx
    view: View
    act: Act
    reach: Callable[[], Influx]
    wake: Callable[[], None] = lambda: None

    def rewind(self, turn: Turn, since: datetime | None, first: int | None) -> Rewound:
        """Have what is since a time, or from a record on, sent again; audited in the same turn.

        Raises `RewindError`.
        """
        if since is not None:
            rewound = rewinding.rewind_since(turn.connection, turn.now, since)
        else:
            rewound = rewinding.rewind_to(turn.connection, turn.now, first or 1)
        detail = f"{rewound.from_seq} → {rewound.to_seq}"
        turn.note(Action.EXPORT_REWOUND, INFLUX, detail)
        return rewound

    async def retry(self) -> Retried:
        """Offer what was refused to InfluxDB again, and forget what it took."""
        with self.view.read() as connection:
            lines = refused.read(connection, self.view.keys, refused.MOST_AT_ONCE)
        retried = await asyncio.to_thread(self._offer, lines)
        await self.act.write(lambda connection: refused.forget(connection, retried.over))
        return retried

    def homes(self, turn: Turn, why: str) -> list[Home]:
        """Say which key is which home; who asked and why is audited in the same turn."""
        turn.note(Action.UNMASKED, f"{INFLUX}:homes", why)
        directory = Directory.load(turn.connection, turn.keys, self.settings.home_names)
        return [
            Home(directory.home_key(order.watch), order.code, order.watch)
            for order in standing_orders(turn.connection, turn.keys)
            if order.watch in directory.watches
        ]

    def _offer(self, lines: list[refused.Line]) -> Retried:
        with closing(self.reach()) as influx:
            return refused.offer(influx, kept(self.settings), lines, self.view.now())


def export_office(desk: Desk) -> ExportOffice | None:
    """Return the export of a running gateway; None where nothing is exported."""
    exporter = desk.export
    if exporter is None:
        return None
    from gateway.export.reaching import reach

    settings = desk.config.influx
    return ExportOffice(settings, desk, desk, partial(reach, desk.config), exporter.wake)
