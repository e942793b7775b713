"""What of the export is not well, in words: what is the matter, and what a person does about it.

Pure: a status in, sentences out. Nothing personal is among them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from gateway.export.erasures import Why
from gateway.export.progress import ExportStatus

BEHIND_AFTER = timedelta(minutes=15)
"""Grafana shows what is older than this as the present (ours: the time in which somebody should
have reported in)."""
PROVEN_WITHIN = timedelta(hours=24)
"""What is not proven to be deleted after this long needs a person (ours: a day and its night)."""
STOPPED = frozenset({"outage", "unauthorized", "not_found", "refuses_all"})
"""States in which InfluxDB takes nothing."""
NOTHING_LOST = "Nothing is lost: it waits in this gateway, and goes on by itself."

_ASKED_AGAIN = "wait: it is asked again and again; if it lasts, mend what stands above"
_ERASING: Mapping[str, str] = {
    Why.NOT_CONFIGURED: "set influx.url again until they are deleted, or drop its databases",
    Why.NOT_SUPPORTED: "drop the database of homes, or use InfluxDB 2: 3 deletes no points",
}
"""What to do where a deletion is not proven, by why."""


class Backlog(NamedTuple):
    """What the tables say of export, besides what the exporter says of itself."""

    refused: int = 0  # lines that InfluxDB refused and that are kept
    erasures: int = 0  # that are not proven
    unproven_since: datetime | None = None  # the oldest of them was asked for
    why: tuple[str, ...] = ()  # each reason once
    removed: int = 0  # records and samples that went unexported, since the start ...
    removed_at: datetime | None = None  # ... and when the last did


class Said(NamedTuple):
    """One thing that is not well."""

    what: str
    do: str


def words(status: ExportStatus, backlog: Backlog, now: datetime) -> list[Said]:
    """Say what is not well, the worst first; nothing where all is."""
    return [*_standing(status, now), *_left(status, backlog, now)]


def behind(status: ExportStatus, now: datetime) -> timedelta:
    """Return how long the oldest of what is to be exported has waited; none where none does."""
    waits_since = [status.oldest_waiting_at]
    if status.state in STOPPED and (status.feed_waiting or status.samples_waiting):
        waits_since.append(status.since)
    waited = [now - at for at in waits_since if at is not None]
    return max([timedelta(), *waited])


def span(time: timedelta) -> str:
    """Return a span of time as people read it: `40 s`, `12 min`, `5 h`, `3 days`."""
    seconds = int(time.total_seconds())
    for unit_s, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * unit_s:
            return f"{seconds // unit_s} {unit}"
    return f"{seconds} s"


def _standing(status: ExportStatus, now: datetime) -> Iterator[Said]:
    """Say how InfluxDB answers."""
    since = (
        "" if status.since is None else f" since {_at(status.since)} ({span(now - status.since)})"
    )
    detail = f": {status.detail}" if status.detail else ""
    match status.state:
        case "outage":
            yield Said(
                f"InfluxDB does not take anything{since}{detail}",
                f"see whether it runs, and influx.url. {NOTHING_LOST}",
            )
        case "unauthorized":
            yield Said(
                f"InfluxDB refuses the token{since}{detail}",
                "put a token that may read and write its buckets into influx.token_file, or make"
                " one: `menshen export prepare`; then restart the gateway",
            )
        case "not_found":
            yield Said(
                f"a bucket or the organisation is missing{since}{detail}",
                "make them: `menshen export prepare`; or mend influx.bucket and influx.org",
            )
        case "refuses_all":
            yield Said(
                f"InfluxDB refuses every line{since}{detail}",
                "its own log says why: a full disk, a limit, another program's fields. Nothing is"
                " set aside, and it is tried again",
            )
    late = behind(status, now)
    if late > BEHIND_AFTER:
        records = max(0, status.journal_seq - status.cursor_seq)
        rest = f"{status.feed_waiting} changed rows, {status.samples_waiting} samples"
        do = "wait: it catches up" if status.state == "catching_up" else "mend what stands above"
        yield Said(f"{span(late)} behind: {records} records, {rest} wait", do)


def _left(status: ExportStatus, backlog: Backlog, now: datetime) -> Iterator[Said]:
    """Say what does not mend itself."""
    if backlog.unproven_since is not None:
        waited = span(now - backlog.unproven_since)
        yield Said(
            f"released homes that may still be in InfluxDB: {backlog.erasures}, for up to {waited}"
            f" ({', '.join(backlog.why)})",
            "; ".join(dict.fromkeys(_ERASING.get(why, _ASKED_AGAIN) for why in backlog.why)),
        )
    if backlog.removed:
        last = f", the last at {_at(backlog.removed_at)}" if backlog.removed_at else ""
        yield Said(
            f"{backlog.removed} records and samples went before they were exported{last}: the disk"
            " was nearly full, or they were three months old",
            "make room (journal.free_mb), and mend InfluxDB before it runs low again",
        )
    if backlog.refused:
        yield Said(
            f"{backlog.refused} lines were refused and set aside",
            "`menshen export refused` says why; `--retry` sends them again",
        )
    if status.failures:
        yield Said(
            f"export failed by itself {status.failures} times since the start",
            "keep the log and report it; it goes on from where it was",
        )
    if status.points_too_old:
        yield Said(
            f"{status.points_too_old} points were older than InfluxDB keeps, and left out",
            "nothing, unless influx.keep_days is less than you want",
        )


def _at(at: datetime) -> str:
    return f"{at.astimezone():%m-%d %H:%M}"
