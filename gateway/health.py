"""Whether this gateway can do its work now, and what a person should know where it cannot.

Pure: facts in, findings with reasons out. Nothing personal is among them, so that anybody who may
open `/healthz` may read all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.channels.base import ChannelHealth
from gateway.export.progress import ExportStatus
from gateway.export.status import BEHIND_AFTER as EXPORT_BEHIND_AFTER
from gateway.export.status import PROVEN_WITHIN, Backlog, behind, span

BEHIND_AFTER = timedelta(seconds=30)
"""Records that wait this long to be applied are told nobody in time (hard limit 90 s, NFPA 72)."""
WAITING_AFTER = timedelta(seconds=90)
"""A notice due this long and not yet handed to a channel is late (NFPA 72)."""
DISK_LOW_BYTES = 512 * 1024 * 1024
"""Below this somebody should make room (ours: about 30 days of a full gateway)."""
SHORTENED_FOR = timedelta(days=1)
"""How long it is said that records went before their time (ours: until somebody looks)."""
PROOF_LATE = timedelta(hours=26)
"""A channel whose last test text arrived longer ago than this is not known to work (ours: one a day
and two hours for a channel that was down just then)."""
HEARTBEAT_LATE = timedelta(seconds=180)
"""Its watcher complains after this (EN 50131 grade 3)."""

BUDGET_WARNS_AT = 0.8
"""The share of what any text may use at which a person is told (as of a SIM's allowance)."""

SHOWN_OF_CHANNELS = {
    "operator": "{}",
    "registration": "{}",
    "signal_dbm": "{} dBm",
    "allowance_warning": "{}",
}
"""Facts of a channel that a person should see; none is personal."""


class Level(StrEnum):
    """How bad a finding is. One that is bad makes the gateway unwell."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one part."""

    part: str
    level: Level
    reason: str  # stable lower_snake_case
    detail: str = ""  # figures alone, for any language


@dataclass(frozen=True, slots=True)
class Proved:
    """The last test text that arrived over a channel; None: none ever did."""

    at: datetime | None = None
    took_s: float | None = None


@dataclass(frozen=True, slots=True)
class Today:
    """What one channel was given to send since the local midnight."""

    texts: int = 0
    parts: int = 0
    cost_fen: float = 0.0
    outcomes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wired:
    """What is wired to the pins of this machine."""

    problem: str  # which pins cannot be used, "" where all can
    has_mains: bool = False  # whether an input tells of the mains
    on_battery_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the running parts say of themselves."""

    now: datetime
    started_at: datetime
    broker_connected: bool
    broker_since: datetime  # of being connected, or gone
    journal_seq: int  # the last record
    cursor_seq: int  # the last record the engine applied
    behind_since: datetime | None = None  # the cursor has been behind ever since
    refused_since: datetime | None = None  # the disk refuses commits
    refused_reason: str = ""
    clock_trusted: bool = True
    homes_problem: str = ""  # what is wrong with the homes file, if anything
    disk_free_bytes: int | None = None
    shortened_at: datetime | None = None  # when records last went before their time
    channels: Mapping[str, ChannelHealth] = field(default_factory=dict)
    proofs: Mapping[str, Proved] = field(default_factory=dict)
    """By channel, of those that send test texts."""
    today: Mapping[str, Today] = field(default_factory=dict)  # by channel
    parts_today: int = 0  # over all channels that cost ...
    parts_a_day: int = 0  # ... and how many there may be
    parts_for_all: float = 0.0  # of these, what is not kept for critical texts
    held: Mapping[str, int] = field(default_factory=dict)
    """Notices that a limit holds back, by its reason."""
    notices_waiting: int = 0
    oldest_due_at: datetime | None = None  # of notices that no channel took yet
    heartbeat_address: bool = False
    heartbeat_called_at: datetime | None = None
    heartbeat_failure: str | None = None
    pushes: Mapping[str, int] = field(default_factory=dict)
    """What SMS providers pushed, by what became of it."""
    wired: Wired | None = None
    export: ExportStatus | None = None  # None: nothing is exported
    export_left: Backlog = field(default_factory=Backlog)
    counts: Mapping[str, int] = field(default_factory=dict)
    """Running totals by name, e.g. `intake_messages`; they become metrics."""


@dataclass(frozen=True, slots=True)
class Health:
    """All findings."""

    findings: tuple[Finding, ...]

    @property
    def is_well(self) -> bool:
        """Say whether nothing is bad."""
        return all(finding.level is not Level.BAD for finding in self.findings)


def assess(facts: Facts) -> Health:
    """Judge every part."""
    return Health(
        (
            _broker(facts),
            _journal(facts),
            _engine(facts),
            *_channels(facts),
            *_proof(facts),
            *_budget(facts),
            _outbox(facts),
            _clock(facts),
            _homes(facts),
            _heartbeat(facts),
            *_wired(facts),
            *_export(facts),
        )
    )


def _broker(facts: Facts) -> Finding:
    if facts.broker_connected:
        return Finding("broker", Level.OK, "connected")
    gone_s = int((facts.now - facts.broker_since).total_seconds())
    return Finding("broker", Level.BAD, "not_connected", f"{gone_s} s")


def _journal(facts: Facts) -> Finding:
    if facts.refused_since is not None:
        waits_s = int((facts.now - facts.refused_since).total_seconds())
        reason = facts.refused_reason or "commit_refused"
        return Finding("journal", Level.BAD, reason, f"{waits_s} s")
    if facts.shortened_at is not None and facts.now - facts.shortened_at < SHORTENED_FOR:
        return Finding("journal", Level.WARN, "oldest_removed")
    if facts.disk_free_bytes is not None and facts.disk_free_bytes < DISK_LOW_BYTES:
        free_mb = facts.disk_free_bytes // 2**20
        return Finding("journal", Level.WARN, "disk_low", f"{free_mb} MiB")
    return Finding("journal", Level.OK, "writing", f"#{facts.journal_seq}")


def _engine(facts: Facts) -> Finding:
    behind = facts.journal_seq - facts.cursor_seq
    if facts.behind_since is not None and facts.now - facts.behind_since > BEHIND_AFTER:
        return Finding("engine", Level.BAD, "behind", f"{behind}")
    return Finding("engine", Level.OK, "up_to_date" if behind <= 0 else "catching_up")


def _channels(facts: Facts) -> Iterator[Finding]:
    if not facts.channels:
        yield Finding("channels", Level.BAD, "none_configured")
        return
    one_is_up = any(channel.is_up for channel in facts.channels.values())
    for name, channel in facts.channels.items():
        level = Level.OK if channel.is_up else Level.WARN if one_is_up else Level.BAD
        shown = (
            form.format(channel.facts[key])
            for key, form in SHOWN_OF_CHANNELS.items()
            if key in channel.facts
        )
        yield Finding(f"channel {name}", level, channel.reason, ", ".join(shown))


def _proof(facts: Facts) -> Iterator[Finding]:
    """Say of channels that send test texts whether they arrive; nothing where none does."""
    late = [
        name
        for name, proved in facts.proofs.items()
        if facts.now - (proved.at or facts.started_at) > PROOF_LATE
    ]
    if late:
        yield Finding("proof", Level.WARN, "not_proven", ", ".join(late))
    elif any(proved.at is None for proved in facts.proofs.values()):
        untried = (name for name, proved in facts.proofs.items() if proved.at is None)
        yield Finding("proof", Level.OK, "not_proven_yet", ", ".join(untried))
    elif facts.proofs:
        took = (f"{name} {proved.took_s or 0:.0f} s" for name, proved in facts.proofs.items())
        yield Finding("proof", Level.OK, "texts_arrive", ", ".join(took))


def _budget(facts: Facts) -> Iterator[Finding]:
    """Say how much of the day's texts is spent; nothing where no text costs anything."""
    if not facts.parts_a_day:
        return
    detail = f"{facts.parts_today}/{facts.parts_a_day}"
    if facts.parts_today >= facts.parts_for_all:
        yield Finding("budget", Level.WARN, "spent", detail)
    elif facts.parts_today >= BUDGET_WARNS_AT * facts.parts_for_all:
        yield Finding("budget", Level.WARN, "nearly_spent", detail)
    else:
        yield Finding("budget", Level.OK, "within", detail)


def _outbox(facts: Facts) -> Finding:
    if facts.oldest_due_at is not None and facts.now - facts.oldest_due_at > WAITING_AFTER:
        late_s = int((facts.now - facts.oldest_due_at).total_seconds())
        return Finding("outbox", Level.BAD, "late", f"{facts.notices_waiting}, {late_s} s")
    return Finding("outbox", Level.OK, "serving", f"{facts.notices_waiting}")


def _clock(facts: Facts) -> Finding:
    if facts.clock_trusted:
        return Finding("clock", Level.OK, "trusted")
    return Finding("clock", Level.WARN, "not_trusted")


def _homes(facts: Facts) -> Finding:
    """The error itself is in the log: it may name what is nobody's business here."""
    if not facts.homes_problem:
        return Finding("homes", Level.OK, "as_in_file")
    return Finding("homes", Level.WARN, "file_has_errors", "going on with what it said before")


def _heartbeat(facts: Facts) -> Finding:
    if not facts.heartbeat_address:
        return Finding("heartbeat", Level.WARN, "no_address")
    last_at = facts.heartbeat_called_at or facts.started_at
    if facts.now - last_at > HEARTBEAT_LATE:
        return Finding("heartbeat", Level.WARN, "not_heard", facts.heartbeat_failure or "")
    return Finding("heartbeat", Level.OK, "heard")


def _wired(facts: Facts) -> Iterator[Finding]:
    """A warning at most: that a wired device is silent is told by itself."""
    wired = facts.wired
    if wired is None:
        return
    if wired.problem:
        yield Finding("pins", Level.WARN, "not_usable", wired.problem)
    else:
        yield Finding("pins", Level.OK, "in_use")
    if wired.on_battery_since is not None:
        minutes = int((facts.now - wired.on_battery_since).total_seconds() // 60)
        yield Finding("power", Level.WARN, "on_battery", f"{minutes} min")
    elif wired.has_mains:
        yield Finding("power", Level.OK, "on_mains")


def _export(facts: Facts) -> Iterator[Finding]:
    """A warning at most: an InfluxDB that is gone stops no alarm. The worst alone is said."""
    status, left = facts.export, facts.export_left
    since = left.unproven_since
    if since is not None and facts.now - since > PROVEN_WITHIN:
        waited = span(facts.now - since)
        yield Finding("export", Level.WARN, "erasure_not_proven", f"{left.erasures}, {waited}")
    elif status is None:
        return
    elif left.removed_at is not None and facts.now - left.removed_at < SHORTENED_FOR:
        yield Finding("export", Level.WARN, "records_removed", f"{left.removed}")
    elif status.state == "unauthorized":
        yield Finding("export", Level.WARN, "unauthorized")
    elif status.state == "not_found":
        yield Finding("export", Level.WARN, "not_found")
    elif status.state == "refuses_all":
        yield Finding("export", Level.WARN, "refuses_all")
    elif (late := behind(status, facts.now)) > EXPORT_BEHIND_AFTER:
        records = max(0, status.journal_seq - status.cursor_seq)
        yield Finding("export", Level.WARN, "behind", f"{records}, {span(late)}")
    elif left.refused:
        yield Finding("export", Level.WARN, "lines_refused", f"{left.refused}")
    elif status.state == "outage":
        yield Finding("export", Level.OK, "outage")
    else:
        yield Finding("export", Level.OK, "exporting", f"#{status.cursor_seq}")
