"""Tells the lead of a device that was mounted and is not in service after some time.

A wrong home or a silent device must be impossible to leave behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from alerts import rota, route
from alerts.model import Notice, NoticeKind, Role, Severity
from alerts.reason import Reason
from alerts.render import LIMIT, clean, cut, units
from alerts.state import Turn
from alerts.tables import micros
from alerts.wording import WORDINGS
from gateway.installing import store
from gateway.installing.store import Installing
from gateway.pipeline import Pipeline
from gateway.writer import Writer

LOOK_EVERY_S: Final = 15.0


def is_late(installing: Installing, within: timedelta, now: datetime) -> bool:
    """Say whether it was mounted so long ago, and is not in service."""
    mounted_at, ended_at = installing.mounted_at, installing.ended_at
    return mounted_at is not None and ended_at is None and now - mounted_at >= within


def to_be_told(
    going_on: Iterable[Installing], within: timedelta, now: datetime
) -> list[Installing]:
    """Return those of which the lead is to be told now, each once."""
    return [each for each in going_on if each.told_at is None and is_late(each, within, now)]


def tell(turn: Turn, watch: str | None, within: timedelta) -> None:
    """Put a notice for the lead of the home's team; of an unknown one, for who maintains this."""
    state = turn.state
    home = state.watches.get(watch or "")
    team = home.team if home else state.teams.get(state.maintainers_team)
    if team is None:
        return
    address = home.short_address if home else ""
    text = text_of(address, within, state.voice.language)
    role = Role.LEAD if home else Role.MAINTAINER
    at_local = rota.local(turn.now, state.policy.timezone)
    for target in route.answering(team, role, at_local)[:1]:
        turn.put_notice(
            Notice(
                id=turn.draws.new_id(),
                incident=None,
                watch=home.id if home else None,
                contact=target.contact.id,
                kind=NoticeKind.REMINDER,
                severity=Severity.MINOR,
                text=text,
                reason=Reason.COMMANDED,
                created_at=turn.now,
                expires_at=turn.now + timedelta(seconds=state.policy.telling.expires_s),
            )
        )


def text_of(address: str, within: timedelta, language: str) -> str:
    """Write the text; a long address gives way, so that it stays one segment."""
    words = WORDINGS[language]
    sentence = words.signature + words.not_activated
    minutes = round(within.total_seconds() / 60)
    room = LIMIT - units(words.resent) - units(sentence.format(address="", n=minutes))
    return sentence.format(address=cut(clean(address) or words.no_address, room), n=minutes)


@dataclass(frozen=True, slots=True)
class Late:
    """Looks now and then."""

    writer: Writer
    pipeline: Pipeline
    within: timedelta
    now: Callable[[], datetime]

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look()

    async def look(self) -> int:
        """Tell of each that is late, once; return how many."""
        return await self.writer.run_turn(self._look)

    def _look(self, connection: Connection) -> int:
        now = self.now()
        with connection.begin():
            found = to_be_told(store.going_on(connection), self.within, now)
        for each in found:
            self._tell(connection, each, now)
        return len(found)

    def _tell(self, connection: Connection, late: Installing, now: datetime) -> None:
        """Tell, and note it in the same transaction."""

        def note(inner: Connection) -> None:
            store.change(inner, late.id, told_at=micros(now))

        work = self.pipeline.run
        work(connection, lambda turn: tell(turn, late.watch, self.within), now, also=note)
