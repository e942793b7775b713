"""The benchmark of dashboards: its month is of the exporter's schema, and all of it is measured."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks import dashboards as benchmark
from benchmarks.plan import SMOKE
from gateway.export.schema import MEASUREMENTS, Bucket
from gateway.grafana.dashboards import dashboards
from tests.fakes.line_protocol import check, read
from tests.fakes.month import Month, together
from tests.fakes.programs import need

MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)
BUCKETS = {each.name: each.bucket for each in MEASUREMENTS}


def test_every_point_of_a_month_is_of_the_schema_and_in_its_bucket() -> None:
    seen = set()
    for bucket, lines in Month(11, 1, MIDNIGHT).batches():
        of_each = {line.partition(b",")[0]: line for line in lines}
        for point in map(read, of_each.values()):
            check(point)
            assert BUCKETS[point.measurement] is bucket
            seen.add(point.measurement)
    assert seen == BUCKETS.keys() - {"unknown"}


def test_a_month_is_the_same_each_time_and_no_point_twice() -> None:
    lines = [line for _, batch in Month(2, 1, MIDNIGHT).batches() for line in batch]
    assert lines == [line for _, batch in Month(2, 1, MIDNIGHT).batches() for line in batch]
    points = [read(line) for line in lines if line.startswith((b"state", b"observation"))]
    assert len({(point.series, point.at_ns) for point in points}) == len(points)


def test_batches_are_joined_and_none_is_lost() -> None:
    batches = [(Bucket.HOMES, [b"a"] * 3), (Bucket.COUNTS, [b"b"]), (Bucket.HOMES, [b"c"] * 2)]
    assert list(together(batches, 4)) == [
        (Bucket.HOMES, [b"a"] * 3 + [b"c"] * 2),
        (Bucket.COUNTS, [b"b"]),
    ]


def test_every_dashboard_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need("influxd")
    monkeypatch.setattr(benchmark, "QUIET_S", 0.1)
    size, rate, *opened = benchmark.measure(tmp_path / "influx", SMOKE)
    assert size.detail["points"] > 10_000
    assert rate.value > 0
    assert len(opened) == 2 * len(dashboards("zh"))
    assert all(each.value > 0 and each.detail["queries"] > 10 for each in opened)
