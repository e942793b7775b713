"""What export costs, and how fast it catches up: with a real InfluxDB 1.6 behind a v2 endpoint.

The same load is taken in with and without export, in turns. Then a journal that nobody exported yet
is back-filled from its first record. InfluxDB, the endpoint in front of it, the gateway, the broker
and the publisher share the machine, as on a Pi.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from sqlalchemy import update

from alerts.tables import micros
from benchmarks.child import child
from benchmarks.figures import Figure, median
from benchmarks.meter import peak_rss_mb, rss_mb, used
from benchmarks.plan import Plan
from benchmarks.service import Gateway, broker, copy_of, gateway, prepare, until
from benchmarks.street import door_name
from gateway import cursor, journal
from gateway.broker import free_port, is_taken
from gateway.db import Database
from gateway.registry.tables import bindings
from tests.fakes.influx_engine import Engine, influx_engine

SLOWER_BY, PACE, PACED_S = 0.1, 1000, 20
BACK_FILL_MIN, MEMORY_GOAL_MB = 10.0, 300.0
TOKEN = "the-token-of-this-test"
DATABASE = "menshen_homes"
SPAN = timedelta(days=25)
"""Over which the back-filled records are spread: they are younger than what is kept."""
EVENT_EVERY = 10
"""Of so many records one is an event, the others are heartbeats."""
CHUNK = 20_000
"""Records written in one commit."""
POINTS_A_RECORD = 3.9
"""An event makes 3 points (fact, state, readings), a heartbeat of one door 4."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One load taken in."""

    rate: float  # messages a second
    exported_per_s: float  # meanwhile
    cpu_s: float  # of the gateway, per 1,000 messages


def measure(directory: Path, plan: Plan) -> list[Figure]:
    """Run everything."""
    devices = plan.streets[0]
    template = prepare(directory / "street", devices)
    (template / "influx-token").write_text(TOKEN, "ascii")
    figures = [*_impact(directory, template, plan), *_paced(directory, template, plan)]
    shutil.rmtree(directory / "street")
    return [*figures, *_back_fill(directory, plan)]


# ---- beside intake ----


def _impact(directory: Path, template: Path, plan: Plan) -> Iterator[Figure]:
    runs: dict[bool, list[Taken]] = {False: [], True: []}
    for turn in range(plan.turns):
        for exports in (False, True) if turn % 2 == 0 else (True, False):
            where = directory / f"turn-{turn}-{exports}"
            runs[exports].append(_load(where, template, plan, exports=exports))
    alone, beside = (median(run.rate for run in runs[exports]) for exports in (False, True))
    exported = median(run.exported_per_s for run in runs[True])
    yield Figure(
        f"intake while {exported:,.0f} records a second are exported",
        beside,
        "/s",
        "intake alone",
        alone,
        f"slower by less than {SLOWER_BY:.0%} at {PACE:,}",
        beside / alone > 1 - SLOWER_BY and exported >= PACE,
        {f"{exports}": [round(run.rate) for run in found] for exports, found in runs.items()},
    )


def _paced(directory: Path, template: Path, plan: Plan) -> Iterator[Figure]:
    """Export all that comes at a steady pace, and see what it costs."""
    messages = min(plan.messages, PACE * PACED_S)
    alone, beside = (
        _load(directory / f"paced-{e}", template, plan, exports=e, messages=messages, pace=PACE)
        for e in (False, True)
    )
    yield Figure(
        f"CPU per 1,000 messages at {PACE:,}/s, all exported",
        beside.cpu_s * 1000,
        "ms",
        "without export",
        alone.cpu_s * 1000,
    )


def _load(
    where: Path,
    template: Path,
    plan: Plan,
    *,
    exports: bool,
    messages: int = 0,
    pace: float | None = None,
) -> Taken:
    devices, messages = plan.streets[0], messages or plan.messages
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(_influx(where / "influx"))[1] if exports else ""
        mqtt = stack.enter_context(broker(where / "broker", is_persistent=False))
        data = stack.enter_context(copy_of(template, f"{where.name}-data"))
        ran = stack.enter_context(gateway(data, mqtt, influx_url=url))
        with child("load", mqtt.port, devices, devices) as first:
            first.say()
            ran.until_applied(devices, 300)
        if exports:
            _until_exported(ran, devices, 60)
        paced = () if pace is None else (pace,)
        load = stack.enter_context(child("load", mqtt.port, devices, messages, *paced))
        before = used(ran.pid)
        load.say()
        started_at = load.hear()["started_at"]
        ended_at = ran.until_applied(devices + messages, 300)
        took_s = ended_at - started_at
        exported = ran.cursor("influx") - devices if exports else 0
        if exports and pace is not None:
            _until_exported(ran, devices + messages, 120)
        return Taken(
            messages / took_s, exported / took_s, (used(ran.pid) - before).cpu_s / messages * 1000
        )


# ---- after months ----


def _back_fill(directory: Path, plan: Plan) -> Iterator[Figure]:
    devices = plan.streets[0]
    data = prepare(directory / "months", devices)
    (data / "influx-token").write_text(TOKEN, "ascii")
    records = round(plan.export_points / POINTS_A_RECORD)
    with gateway(data, None) as idle:
        idle_mb = rss_mb(idle.pid)
    _write_journal(data / "data" / "menshen.db", devices, records)
    with _influx(directory / "influx") as (engine, url):
        with gateway(data, None, influx_url=url) as ran:
            _until_exported(ran, records, 3600)
            took_s = time.monotonic() - ran.ready_at
            peak_mb, influx_mb = peak_rss_mb(ran.pid), peak_rss_mb(engine.pid)
            cpu_s = used(ran.pid).cpu_s
        points = _points(engine)
    minutes = took_s / 60
    yield Figure(
        f"back-fill of {points:,} points of {records:,} records",
        minutes,
        "min",
        "goal",
        BACK_FILL_MIN,
        f"<= {BACK_FILL_MIN:.0f} min for 10,000,000",
        minutes / points * 10_000_000 <= BACK_FILL_MIN,
        {"points_per_s": round(points / took_s), "gateway_cpu_s": round(cpu_s)},
    )
    yield Figure(
        "peak memory while back-filling",
        peak_mb,
        "MB",
        "gateway that exports nothing",
        idle_mb,
        f"<= {MEMORY_GOAL_MB:.0f} MB",
        peak_mb <= MEMORY_GOAL_MB,
        {"influxd_mb": round(influx_mb)},
    )


def _write_journal(database: Path, devices: int, records: int) -> None:
    """Append what devices may have said for weeks; it is applied already, and not exported."""
    now = datetime.now(UTC)
    began_at, apart = micros(now - SPAN), SPAN // records // timedelta(microseconds=1)
    opened = Database(database)
    try:
        with opened.writer() as connection:
            for start in range(0, records, CHUNK):
                numbers = range(start, min(start + CHUNK, records))
                rows = [_record(n, devices, began_at + n * apart) for n in numbers]
                with connection.begin():
                    journal.append(connection, start + 1, began_at, rows)
            with connection.begin():
                # They hang there all the while: what was said before would be of nobody.
                connection.execute(update(bindings).values(from_at=began_at))
                for consumer in ("alerts", "devices"):
                    cursor.move(connection, consumer, records, now)
    finally:
        opened.close()


def _record(n: int, devices: int, at: int) -> journal.Row:
    """Return what a device says in its turn."""
    device, turn = door_name(n % devices), n // devices
    state = ("closed", "open")[turn // EVENT_EVERY % 2]
    said: dict[str, object] = {"boot": "bench", "seq": turn, "battery": 90, "rssi": -60 - n % 20}
    kind = "heartbeat" if turn % EVENT_EVERY else "event"
    if kind == "event":
        said |= {"kind": "door", "state": state}
    else:
        said |= {"interval_s": 3600, "uptime_s": turn, "states": {"door": state}}
    topic = f"menshen/v1/{device}/{kind}"
    return journal.Row(at, None, topic, msgspec.json.encode(said), False, device, None)


# ---- InfluxDB ----


@contextlib.contextmanager
def _influx(directory: Path) -> Iterator[tuple[Engine, str]]:
    """Run an InfluxDB; yield it, and where its v2 endpoint answers."""
    directory.mkdir(parents=True)
    with influx_engine(directory) as engine:
        for kind in ("homes", "gateway", "counts"):
            engine.query("", f'CREATE DATABASE "menshen_{kind}"')
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.influx", engine.url, str(port)]
        )
        try:
            until(lambda: is_taken(port), 10, "the endpoint of InfluxDB did not come up")
            yield engine, f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def _until_exported(ran: Gateway, records: int, within_s: float) -> None:
    until(lambda: ran.cursor("influx") >= records, within_s, "the export stands still")


def _points(engine: Engine) -> int:
    """Count what is in InfluxDB of what devices said."""
    counted = (("observation", "seq"), ("state", "source"), ("device", "rssi_dbm"))
    return sum(engine.count(DATABASE, measurement, field) for measurement, field in counted)
