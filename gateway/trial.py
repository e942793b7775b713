"""A test text: at once, over exactly one channel, and recorded like every other text.

It goes past the outbox, which chooses the channel itself; limits and ledger see it all the same,
because its notice and its attempt are written before anything is given to the network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, update

from alerts import tries
from alerts.bundling import test_text
from alerts.channels.base import Attempt, Channel, Message, Outcome
from alerts.dispatch import LEASE_MARGIN_S, FromThread, Run, noting, send_over
from alerts.model import NoticeKind, NoticeState, Severity
from alerts.outbox import REPORT_WITHIN
from alerts.tables import Sealer, micros, notices
from alerts.tries import Report
from gateway.privacy import GATEWAY
from gateway.proofs import Begin, new_token, notice_of

ASKED = "test_asked"
"""Why such a text is sent: somebody asked for it."""
KEPT = 100
"""Asked tests of which it is remembered what became of them."""

_ENDS = {
    Outcome.SENT: NoticeState.SENT,
    Outcome.DELIVERED: NoticeState.DELIVERED,
    Outcome.UNCONFIRMED: NoticeState.UNCONFIRMED,
    Outcome.FAILED_TEMPORARY: NoticeState.FAILED_PERMANENT,
    Outcome.FAILED_PERMANENT: NoticeState.FAILED_PERMANENT,
}
"""A test text is tried once: whoever wants another sends another."""

_REPORTED = {
    Report.DELIVERED: NoticeState.DELIVERED,
    Report.FAILED: NoticeState.FAILED_PERMANENT,
}


@dataclass(frozen=True, slots=True)
class Trials:
    """Sends test texts. `digest` is what a phone is called in records."""

    run: Run
    call: FromThread
    sealer: Sealer
    digest: Callable[[str], str]
    now: Callable[[], datetime]
    gateway: str
    language: str

    async def send(
        self, channel: Channel, to: str, token: str, why: str, begin: Begin | None = None
    ) -> Attempt:
        """Send a test text that says `token`; `begin` joins the transaction that records it."""
        started_at = self.now()
        text = test_text(token, self.gateway, self.language)
        lease = timedelta(seconds=channel.slowest_s + LEASE_MARGIN_S)

        def record(connection: Connection) -> int:
            notice = self._notice(channel.name, token, text, why, started_at, lease)
            connection.execute(insert(notices).values(notice))
            if begin is not None:
                begin(connection, started_at)
            phone = self.digest(to)
            return tries.begin(connection, notice_of(token), channel.name, phone, started_at)

        number = await self.run(record)
        fields = {"number": token, "place": self.gateway}
        message = Message(text, NoticeKind.TEST, fields, is_critical=False)
        attempt = await send_over(channel, to, message, noting(self.call, number))
        await self.run(lambda c: _settle(c, token, number, attempt, self.now()))
        return attempt

    def _notice(
        self, channel: str, token: str, text: str, why: str, now: datetime, lease: timedelta
    ) -> dict[str, object]:
        return {
            "id": notice_of(token),
            "contact": GATEWAY,
            "kind": NoticeKind.TEST,
            "severity": Severity.HEALTH,
            "text": self.sealer.seal(GATEWAY, text),
            "reason": why,
            "created_at": micros(now),
            "expires_at": micros(now + REPORT_WITHIN),
            "state": NoticeState.SENDING,
            "next_at": micros(now),
            "channel": channel,
            "lease_until": micros(now + lease),
        }


def _settle(
    connection: Connection, token: str, number: int, attempt: Attempt, now: datetime
) -> None:
    """Record what became of it. What was given to nobody leaves no trace."""
    mine = notices.c.id == notice_of(token)
    tries.end(connection, number, attempt, now)
    report = tries.reported_of(connection, notice_of(token))  # which may have been quicker
    if attempt.outcome is Outcome.NOT_TRIED:
        connection.execute(delete(notices).where(mine))
        return
    connection.execute(
        update(notices)
        .where(mine, notices.c.state == NoticeState.SENDING)
        .values(
            state=_REPORTED.get(report, _ENDS[attempt.outcome]),
            lease_until=None,
            settled_at=micros(now),
            end_reason=attempt.reason,
        )
    )


class TrialBegun(NamedTuple):
    """A test text that goes out, or why none does."""

    id: str = ""
    channel: str = ""
    refused: str = ""


class AskedTrials:
    """Test texts that somebody asked for. What became of the latest is kept in memory."""

    def __init__(self, trials: Trials, channels: Sequence[Channel]) -> None:
        self._trials = trials
        self._channels = channels
        self._under_way: dict[str, asyncio.Task[Attempt]] = {}

    def begin(self, number: str, wanted: str) -> TrialBegun:
        """Begin to send one, over the channel that is wanted or the first that is up."""
        channel, refused = self._choose(wanted)
        if channel is None:
            return TrialBegun(refused=refused)
        token = new_token()
        sending = self._trials.send(channel, number, token, ASKED)
        self._under_way[token] = asyncio.create_task(sending, name=f"test over {channel.name}")
        for old in list(self._under_way)[:-KEPT]:
            del self._under_way[old]
        return TrialBegun(token, channel.name)

    def ended(self, token: str) -> Attempt | None:
        """Return what the channel said; None while it is under way, or not known."""
        task = self._under_way.get(token)
        if task is None or not task.done():
            return None
        if task.cancelled() or task.exception() is not None:
            return Attempt(Outcome.UNCONFIRMED, "not_recorded")
        return task.result()

    def is_under_way(self, token: str) -> bool:
        """Say whether a channel still has one; it may not be on record yet."""
        task = self._under_way.get(token)
        return task is not None and not task.done()

    def _choose(self, wanted: str) -> tuple[Channel | None, str]:
        """Return the channel, or why there is none."""
        able = [each for each in self._channels if not each.is_outside]
        if wanted and wanted not in {each.name for each in able}:
            names = ", ".join(each.name for each in able) or "none"
            return None, f'no channel "{wanted}" sends texts; those that do: {names}'
        chosen = [each for each in able if wanted in ("", each.name)]
        up = next((each for each in chosen if each.health().is_up), None)
        if up is not None:
            return up, ""
        why = ", ".join(f"{each.name}: {each.health().reason}" for each in chosen)
        return None, f"no channel can send a text now ({why or 'none is configured'})"
