"""The outbox: notices written with the change that caused them, claimed in bundles, sent, settled.

SQL on the caller's connection; it never commits. A claimed notice is ours until its lease ends; one
whose lease ended without a settlement is *unconfirmed*, because it may have gone out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, case, or_, select, update

from alerts import budget, bundle, ledger, tries, waiting
from alerts.budget import Act, Spent, Text, Told, Verdict
from alerts.bundle import Saying, Waiting
from alerts.instead import name_who_was_told_instead
from alerts.model import ConditionKind, IncidentId, NoticeKind, NoticeState, Severity
from alerts.policy import Spending
from alerts.retry import Progress
from alerts.tables import Sealer, from_micros, incidents, micros, notices
from alerts.waiting import Group, Leg
from alerts.ways import Legs, Way, Ways, carrying

NEWER_TEXT = "newer_text"
NOT_SENT_IN_TIME = "not_sent_in_time"
NO_REPORT_CAME = "no_report_came"
"""Why a notice ended: a later one said it all; it never went; nobody knows what became of it."""
PUSHED_ONLY = "pushed_only"
"""Why a notice ended: a push service took it, no text went, and nobody knows who has read it."""
NO_PHONE = "no_phone"
"""Why a notice could not be sent: its person has no address that any channel reaches."""
WAITING = waiting.WAITING
REPORT_WITHIN = timedelta(hours=48)
"""A delivery report that has not come by then does not come (SMS validity periods)."""


@dataclass(frozen=True, slots=True)
class Sender:
    """The channel that asks for work, and those that are passed over just now."""

    channel: str
    passed_over: frozenset[str]
    lease: timedelta


@dataclass(frozen=True, slots=True)
class Terms:
    """By which ways people are told, and what may be spent on it."""

    sealer: Sealer
    ways: Ways
    digest_of: Callable[[str], str]  # what an address is called in records
    spending: Spending = field(default_factory=Spending)
    least: Mapping[str, Severity] = field(default_factory=dict)  # by channel: what it carries
    costly: frozenset[str] = frozenset()  # channels whose texts cost something
    outside: frozenset[str] = frozenset()  # channels that push: by these nobody counts as told
    timezone: str = "Asia/Shanghai"  # of the day that a budget is for

    def legs(self, contact: str, severity: Severity) -> Legs:
        """Return the ways of a contact that carry something so severe, the first tried first."""
        return Legs(carrying(self.ways(contact), severity, self.least), self.outside)

    def way(self, leg: Leg, sender: Sender) -> Way | None:
        """Return the way that a notice goes next, channels left out that are passed over."""
        next_push = Progress(leg.leg, 0, False, leg.push_tries, leg.is_pushed).push
        return self.legs(leg.contact, leg.severity).next(leg.leg, next_push, sender.passed_over)


@dataclass(frozen=True, slots=True)
class Claim:
    """A notice that is ours to send, until its lease ends; or one that can't be sent this way."""

    id: str
    incident: IncidentId | None
    contact: str
    created_at: datetime
    progress: Progress
    saying: Saying
    to: str = ""
    attempt: int | None = None  # its row, begun
    refused: str = ""  # why it is not to be sent this way

    @property
    def severity(self) -> Severity:
        """Return how bad it is."""
        return self.saying.severity


def claim(
    connection: Connection, terms: Terms, sender: Sender, now: datetime
) -> Claim | datetime | None:
    """Take the worst, oldest notice that may go over this channel now, and what goes with it.

    What may not go yet is held, with the reason.

    Returns:
        The claim; or when the next one may be due; or None where none waits.
    """
    limits = _Limits(connection, terms, now)
    for group in waiting.due(connection, now):
        if not terms.legs(group.next.contact, group.next.severity).ways:
            return _refuse(connection, terms, sender, group, NO_PHONE, now)
        way = terms.way(group.next, sender)
        if way is None or way.channel != sender.channel:
            continue
        is_push = way.channel in terms.outside
        heard_at = terms.digest_of(way.address)
        if is_push and not way.to and waiting.strike_heard(connection, group, heard_at, now):
            return claim(connection, terms, sender, now)
        verdict = limits.decide(group, way)
        if verdict.act is Act.ELSEWHERE:
            return _refuse(connection, terms, sender, group, verdict.why, now)
        if verdict.until is not None:
            waiting.hold(connection, group, verdict.until, verdict.why, now)
            continue
        waits = _to_the_same(connection, terms, sender, way, now)
        # A push ends nothing: what it speaks of may still be texted.
        if outdated := bundle.outdated(waits) if terms.spending.bundle_s and not is_push else []:
            _end(connection, outdated, NEWER_TEXT, now)
            return claim(connection, terms, sender, now)
        return _take(connection, terms, sender, group, way, waits, now)
    return waiting.next_at(connection, now)


def _to_the_same(
    connection: Connection, terms: Terms, sender: Sender, way: Way, now: datetime
) -> list[Waiting]:
    """Return all that may go to this address, whoever of its people it is for."""

    def leads_there(leg: Leg) -> bool:
        other = terms.way(leg, sender)
        return other is not None and other.address == way.address

    return waiting.of(connection, set(filter(leads_there, waiting.legs(connection, now))), now)


class _Limits:
    """What was sent lately: asked for where a decision needs it, and once."""

    def __init__(self, connection: Connection, terms: Terms, now: datetime) -> None:
        self._connection = connection
        self._terms = terms
        self._now = now
        self._spent: Spent | None = None
        self._told: dict[str, list[Told]] = {}

    def decide(self, group: Group, way: Way) -> Verdict:
        """Decide whether the notices of a group may go this way."""
        terms, now = self._terms, self._now
        is_free = way.channel not in terms.costly
        text = Text(group.next.severity, group.kind, group.is_resend, is_free)
        phone = terms.digest_of(way.address)
        if phone not in self._told:
            self._told[phone] = tries.told_lately(self._connection, phone, terms.costly, now)
        if self._spent is None:
            self._spent = ledger.spent_today(self._connection, now, terms.timezone, terms.costly)
        return budget.decide(text, self._told[phone], self._spent, terms.spending, now)


def _refuse(
    connection: Connection, terms: Terms, sender: Sender, group: Group, why: str, now: datetime
) -> Claim:
    """Claim a notice that can't be sent this way; its settlement finds the next, or the end."""
    row = waiting.oldest(connection, group, now)
    _mark(connection, [row.id], sender, now)
    return _claim_of(row, _said(terms, row), refused=why)


def _take(
    connection: Connection,
    terms: Terms,
    sender: Sender,
    group: Group,
    way: Way,
    waits: Sequence[Waiting],
    now: datetime,
) -> Claim:
    row = waiting.oldest(connection, group, now)
    carrier = next(each for each in waits if each.id == row.id)
    mates, is_digest = bundle.mates(carrier, waits) if terms.spending.bundle_s else ([], False)
    _mark(connection, [row.id], sender, now)
    _mark(connection, [each.id for each in mates], sender, now, into=row.id)
    headlines = _headlines(connection, [carrier, *mates]) if is_digest else {}
    saying = _said(terms, row, bundle.others(carrier, mates), headlines)
    attempt = tries.begin(connection, row.id, sender.channel, terms.digest_of(way.address), now)
    return _claim_of(row, saying, to=way.to, attempt=attempt)


def _mark(
    connection: Connection,
    ids: Sequence[str],
    sender: Sender,
    now: datetime,
    into: str | None = None,
) -> None:
    if ids:
        connection.execute(
            update(notices)
            .where(notices.c.id.in_(ids))
            .values(
                state=NoticeState.SENDING,
                channel=sender.channel,
                lease_until=micros(now + sender.lease),
                bundled_into=into,
            )
        )


def _end(connection: Connection, ids: Sequence[str], reason: str, now: datetime) -> None:
    connection.execute(
        update(notices)
        .where(notices.c.id.in_(ids))
        .values(state=NoticeState.SUPERSEDED, settled_at=micros(now), end_reason=reason)
    )


def _said(
    terms: Terms,
    row: Row[Any],
    others: int = 0,
    headlines: Mapping[ConditionKind, int] | None = None,
) -> Saying:
    owner = row.watch or "gateway"
    said = json.loads(terms.sealer.unseal(owner, row.said)) if row.said else {}
    return Saying(
        kind=NoticeKind(row.kind),
        severity=Severity(row.severity),
        text=terms.sealer.unseal(owner, row.text),
        short_text=said.get("short", ""),
        fields=said.get("fields", {}),
        others=others,
        headlines=headlines or {},
        is_resend=row.is_resend,
    )


def _headlines(connection: Connection, told: Iterable[Waiting]) -> Counter[ConditionKind]:
    """Count what the incidents of a digest are about."""
    wanted = {each.incident for each in told}
    found = connection.scalars(select(incidents.c.headline).where(incidents.c.id.in_(wanted)))
    return Counter(map(ConditionKind, found))


def _claim_of(
    row: Row[Any], saying: Saying, *, to: str = "", attempt: int | None = None, refused: str = ""
) -> Claim:
    return Claim(
        id=row.id,
        incident=row.incident,
        contact=row.contact,
        created_at=from_micros(row.created_at),
        progress=progress_of(row),
        saying=saying,
        to=to,
        attempt=attempt,
        refused=refused,
    )


def progress_of(row: Row[Any]) -> Progress:
    """Return how far the notice of this row has come."""
    is_pushed = row.pushed_at is not None
    return Progress(row.leg, row.tries, row.is_resend, row.push_tries, is_pushed)


# ---- what time does to them ----


def expire(connection: Connection, now: datetime) -> int:
    """End what nobody needs any more, and what was sent but never reported; return how many."""
    waited = (notices.c.state.in_(WAITING), notices.c.expires_at <= micros(now))
    unreported = (
        notices.c.state.in_((NoticeState.SENT, NoticeState.UNCONFIRMED)),
        notices.c.settled_at <= micros(now - REPORT_WITHIN),
    )
    over = select(notices.c.incident).where(or_(and_(*waited), and_(*unreported)))
    incidents = connection.scalars(over).all()
    if not incidents:
        return 0
    expired = update(notices).values(state=NoticeState.EXPIRED)
    reason = case((notices.c.pushed_at.is_(None), NOT_SENT_IN_TIME), else_=PUSHED_ONLY)
    connection.execute(expired.where(*waited).values(settled_at=micros(now), end_reason=reason))
    connection.execute(expired.where(*unreported).values(end_reason=NO_REPORT_CAME))
    name_who_was_told_instead(connection, filter(None, incidents))
    return len(incidents)


def shift(connection: Connection, by: timedelta) -> None:
    """Move what waits, after the clock stepped by `by`."""
    step = by // timedelta(microseconds=1)
    connection.execute(
        update(notices)
        .where(notices.c.state.in_((*WAITING, NoticeState.SENDING)))
        .values(
            next_at=notices.c.next_at + step,
            expires_at=notices.c.expires_at + step,
            lease_until=notices.c.lease_until + step,
        )
    )
