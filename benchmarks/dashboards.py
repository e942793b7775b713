"""How long each query of each dashboard takes on a month of homes, and how big that month is.

The points are of the exporter's schema, written straight to an InfluxDB 1.6 with a shard a day, as
the exporter has it made. Each dashboard is then opened as Grafana opens it, on its own span of time
and on the whole month; what a query brings is read to its end. On disk is what is left once all is
compacted.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from benchmarks.figures import Figure
from benchmarks.plan import Plan
from benchmarks.service import ServiceError
from gateway.export.schema import Bucket
from gateway.grafana.dashboards import dashboards
from tests.fakes.grafana import Grafana
from tests.fakes.grafana_query import Json, Range
from tests.fakes.influx_engine import Engine
from tests.fakes.month import Month, together
from tests.fakes.programs import find

GOAL_MS = 1000.0
LINES = 10_000
TURNS = 3
"""How often each dashboard is opened; a query counts by its median."""
SETTLES_IN_S = 600.0
QUIET_S = 25.0
"""Once nothing on the disk changed for so long, all is compacted."""
BLOCK = 512
"""Bytes that `st_blocks` counts; files that are laid out beforehand are mostly holes."""
_COMPACT_SOON = """[data]
  cache-snapshot-write-cold-duration = "5s"
  compact-full-write-cold-duration = "10s"
"""


@dataclass(frozen=True, slots=True)
class Stopwatch:
    """Puts queries to the engine, and keeps how long each took, in ms."""

    web: httpx.Client
    took: dict[str, list[float]] = field(default_factory=dict)

    def ask(self, uid: str, query: str) -> list[Json]:
        """Put a query as Grafana does; return its series."""
        asked = {"db": _database(Bucket(uid.removeprefix("menshen-"))), "q": query, "epoch": "ms"}
        started = time.perf_counter()
        answer = self.web.post("/query", data=asked).raise_for_status().json()
        self.took.setdefault(query, []).append((time.perf_counter() - started) * 1000)
        return [series for each in answer["results"] for series in each.get("series", [])]


def measure(directory: Path, plan: Plan) -> list[Figure]:
    """Write the month, let it settle, open every dashboard."""
    if find("influxd") is None:
        raise ServiceError("influxd is not installed (Debian: apt-get install influxdb)")
    directory.mkdir(parents=True)
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    month = Month(plan.month_homes, plan.month_days, midnight)
    with _engine(directory) as engine:
        points, took_s = _write(engine, month)
        bytes_ = {bucket: _settled(engine, bucket) for bucket in Bucket}
        figures = [_size(month, points, bytes_), _rate(points, took_s)]
        for days in (None, plan.month_days):
            span = None if days is None else Range(midnight - timedelta(days=days), midnight)
            figures += [_opened(engine, name, midnight, span) for name in dashboards("zh")]
    return figures


@contextmanager
def _engine(directory: Path) -> Iterator[Engine]:
    engine = Engine(directory)
    settings = directory / "influxdb.conf"
    said = settings.read_text("utf-8").replace("[data]\n", _COMPACT_SOON)
    settings.write_text(said, "utf-8")
    with engine:
        yield engine


def _write(engine: Engine, month: Month) -> tuple[dict[Bucket, int], float]:
    """Write it all; return the points by bucket, and the seconds it took."""
    for bucket in Bucket:
        engine.query("", f'CREATE DATABASE "{_database(bucket)}" WITH SHARD DURATION 1d')
    points = dict.fromkeys(Bucket, 0)
    started = time.monotonic()
    with (
        httpx.Client(base_url=engine.url, trust_env=False, timeout=300) as web,
        ThreadPoolExecutor(1) as writing,
    ):
        under_way: Future[None] | None = None
        for bucket, lines in together(month.batches(), LINES):
            points[bucket] += len(lines)
            if under_way is not None:
                under_way.result()
            under_way = writing.submit(_post, web, bucket, lines)
        if under_way is not None:
            under_way.result()
    return points, time.monotonic() - started


def _post(web: httpx.Client, bucket: Bucket, lines: list[bytes]) -> None:
    where = {"db": _database(bucket), "precision": "n"}
    answer = web.post("/write", params=where, content=b"\n".join(lines))
    if answer.status_code != 204:
        raise ServiceError(f"influxd refused points: {answer.text[:300]}")


def _settled(engine: Engine, bucket: Bucket) -> int:
    """Wait until a database changes no more; return its bytes on disk."""
    folder = engine.home / "data" / _database(bucket)
    deadline = time.monotonic() + SETTLES_IN_S
    before, since = -1, time.monotonic()
    while time.monotonic() - since < QUIET_S and time.monotonic() < deadline:
        now = sum(path.stat().st_blocks for path in _files(folder)) * BLOCK
        if now != before:
            before, since = now, time.monotonic()
        time.sleep(1)
    return before


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _opened(engine: Engine, name: str, now: datetime, span: Range | None) -> Figure:
    """Open a dashboard some times; return what its slowest query takes."""
    with httpx.Client(base_url=engine.url, trust_env=False, timeout=300) as web:
        watch = Stopwatch(web)
        for _ in range(TURNS):
            Grafana(watch.ask, now).open(dashboards("zh")[name], span)
    medians = {query: statistics.median(each) for query, each in watch.took.items()}
    slowest = sorted(medians, key=lambda query: -medians[query])
    span_name = "its own span" if span is None else "the whole month"
    worst = medians[slowest[0]]
    detail: dict[str, Any] = {
        "queries": len(medians),
        "over_goal": sum(each > GOAL_MS for each in medians.values()),
        "all_ms": round(sum(medians.values())),
        "slowest": {query: round(medians[query], 1) for query in slowest[:8]},
    }
    print(f"  {name} {span_name}: {worst:.0f} ms", file=sys.stderr, flush=True)
    return Figure(
        f"slowest query of {name.removesuffix('.json')}, {span_name}",
        worst,
        "ms",
        "median query",
        statistics.median(medians.values()),
        f"<= {GOAL_MS:.0f} ms",
        worst <= GOAL_MS,
        detail,
    )


def _size(month: Month, points: dict[Bucket, int], bytes_: dict[Bucket, int]) -> Figure:
    per_month = 30 / month.days / 1e6
    detail = {f"{bucket}_mb_a_month": round(each * per_month, 2) for bucket, each in bytes_.items()}
    return Figure(
        f"InfluxDB on disk, a home and month, of {month.homes:,} homes",
        bytes_[Bucket.HOMES] * per_month / month.homes,
        "MB",
        "thousand points",
        points[Bucket.HOMES] * 30 / month.days / month.homes / 1000,
        detail={
            **detail,
            "points": sum(points.values()),
            "bytes_a_point": round(bytes_[Bucket.HOMES] / points[Bucket.HOMES], 2),
        },
    )


def _rate(points: dict[Bucket, int], took_s: float) -> Figure:
    return Figure("points made and written", sum(points.values()) / took_s, "/s", "seconds", took_s)


def _database(bucket: Bucket) -> str:
    return f"menshen_{bucket}"
