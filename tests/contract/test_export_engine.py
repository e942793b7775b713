"""Export against a real time-series engine, with failures on the way.

With MENSHEN_TEST_INFLUX_URL and MENSHEN_TEST_INFLUX_TOKEN set the same runs against InfluxDB 2.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.broker import free_port
from gateway.export.influx import Influx, Verdict
from gateway.export.schema import Bucket
from gateway.export.tables import export_refused
from gateway.homes.store import standing_orders
from tests.fakes.exporting import KEEP, Exporting, client, exporting
from tests.fakes.influx_engine import Engine, influx_engine
from tests.fakes.influx_target import Target, influx_under_test

IS_REAL = bool(os.environ.get("MENSHEN_TEST_INFLUX_URL"))
own_engine = pytest.mark.skipif(IS_REAL, reason="kills the engine, or speaks InfluxDB 1 to it")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine | None]:
    """One for all tests here."""
    if IS_REAL:
        yield None
        return
    with influx_engine() as running:
        yield running


@pytest.fixture
def target(engine: Engine | None) -> Iterator[Target]:
    """Buckets of the test's own."""
    with influx_under_test(engine) as found:
        yield found


@pytest.fixture
def export(tmp_path: Path, target: Target) -> Iterator[Exporting]:
    """A gateway with thirty homes that exports to them."""
    with exporting(tmp_path, partial(client, target)) as running:
        yield running


def observations(target: Target) -> int:
    """Count what is in InfluxDB."""
    return target.count("homes", "observation", "state")


def everything(target: Target) -> list[object]:
    """Return all points of homes."""
    return [target.query("homes", "SELECT * FROM /.*/ GROUP BY *")]


def test_written_twice_it_is_there_once(export: Exporting, target: Target) -> None:
    export.journal(300)
    export.cycle()
    before = everything(target)
    assert observations(target) == 300
    export.restart()  # nothing was saved
    export.drain()
    assert everything(target) == before


def test_months_of_journal_are_filled_in(export: Exporting, target: Target) -> None:
    for days in (80, 40, 1):
        export.journal(3000, ago=timedelta(days=days))
    export.drain()
    assert observations(target) == 9000
    assert export.exporter.status().points_too_old == 0
    found = target.query("homes", 'SELECT count("state") FROM observation GROUP BY time(40d)')
    assert len([row for row in found[0]["values"] if row[1]]) >= 2


def test_an_outage_holds_it_up_and_loses_nothing(export: Exporting, target: Target) -> None:
    export.journal(50)
    export.drain()
    export.journal(4500)
    target.influx.fails(2, 503, retry_after_s=30)
    assert export.cycle() == 30
    assert export.exporter.status().state == "outage"
    export.cycle()
    target.influx.is_down = True
    export.cycle()
    target.influx.is_down = False
    target.influx.drops(1)  # written, but who knows
    export.cycle()
    assert export.exporter.status().state == "outage"
    assert export.cursor() == 50
    export.drain()
    assert observations(target) == 4550


@own_engine
def test_an_engine_that_is_killed_and_comes_back_has_all_of_it(
    tmp_path: Path,
) -> None:
    with (
        influx_engine() as engine,
        influx_under_test(engine) as target,
        exporting(tmp_path, partial(client, target)) as export,
    ):
        export.journal(3000)
        export.drain()
        engine.kill()
        export.journal(3000)
        assert export.cycle() > 0
        assert export.exporter.status().state == "outage"
        engine.start()
        export.drain()
        assert observations(target) == 6000


def test_a_wrong_token_and_a_missing_bucket_are_no_outages(
    export: Exporting, target: Target
) -> None:
    fake = target.influx
    wrong = Influx(fake.url, fake.org, target.bucket, "wrong", None)
    elsewhere = Influx(fake.url, fake.org, "nowhere", fake.token, None)
    line = [b"m v=1i %d" % (int(export.now.timestamp()) * 10**9)]
    assert wrong.write(Bucket.HOMES, line).verdict is Verdict.UNAUTHORIZED
    assert elsewhere.write(Bucket.HOMES, line).verdict is Verdict.NOT_FOUND
    wrong.close()
    elsewhere.close()


def test_nobody_at_the_address_is_an_outage(target: Target) -> None:
    nobody = Influx(f"http://127.0.0.1:{free_port()}", "menshen", target.bucket, "x", None)
    assert nobody.write(Bucket.HOMES, [b"m v=1i 1"]).verdict is Verdict.OUTAGE
    nobody.close()


def test_a_line_that_the_engine_refuses_is_set_aside_and_the_rest_is_there(
    export: Exporting, target: Target
) -> None:
    at = int(export.now.timestamp()) * 10**9 - 10**9
    # Some other program wrote text into a field of ours.
    assert export.influx is not None
    with export.database.read() as connection:
        [watch] = [
            order.watch
            for order in standing_orders(connection, export.keys)
            if order.code == "440307006031203"
        ]
    taken = b"state,device=x,kind=door,part=main,watch=%s state=5i %d" % (watch.encode(), at)
    assert export.influx.write(Bucket.HOMES, [taken]).verdict is Verdict.WRITTEN
    export.journal(40)
    export.drain()
    assert observations(target) == 40
    with export.database.read() as connection:
        rows = connection.execute(select(export_refused)).all()
    assert len(rows) == 40
    assert {row.watch for row in rows} == {watch}
    assert all("conflict" in row.why and watch not in row.why for row in rows)


def test_one_bad_line_in_the_middle_is_found(export: Exporting, target: Target) -> None:
    target.influx.refuses.add("seq=777i")
    export.journal(2000)
    export.drain()
    assert observations(target) == 1999
    assert export.exporter.status().points_refused == 1
    assert target.influx.requests["/api/v2/write"] < 40


def test_what_is_deleted_is_gone_and_the_neighbours_stay(export: Exporting, target: Target) -> None:
    export.journal(20)
    export.journal(20, device="door-31204")
    export.drain()
    with export.database.read() as connection:
        watches = {each.code: each.watch for each in standing_orders(connection, export.keys)}
    assert export.influx is not None
    export.influx.erase(Bucket.HOMES, watches["440307006031203"])
    assert observations(target) == 20
    found = target.query("homes", 'SELECT "state" FROM observation GROUP BY "device"')
    assert [each["tags"] for each in found] == [{"device": "door-31204"}]


def test_a_query_returns_series_with_their_tags(export: Exporting) -> None:
    export.journal(3)
    export.drain()
    assert export.influx is not None
    [series] = export.influx.query(
        Bucket.HOMES, 'SELECT "state" FROM observation GROUP BY "device"'
    )
    assert (series.name, series.tags) == ("observation", {"device": "door-31203"})
    assert [row[1] for row in series.values] == ["open", "closed", "open"]
    assert export.influx.query(Bucket.GATEWAY, "SELECT * FROM gateway") == []


def test_preparing_twice_changes_nothing_and_other_days_are_taken_over(target: Target) -> None:
    influx = client(target)
    influx.prepare(KEEP)
    influx.prepare({**KEEP, Bucket.HOMES: timedelta(days=20)})
    old = [b"m v=1i %d" % (_ns_ago(timedelta(days=30)))]
    young = [b"m v=1i %d" % (_ns_ago(timedelta(days=10)))]
    assert influx.write(Bucket.HOMES, old).verdict is Verdict.REFUSED
    assert influx.write(Bucket.HOMES, young).verdict is Verdict.WRITTEN
    influx.close()


@own_engine
def test_influxdb_1_is_prepared_and_deleted_from_in_its_own_way(
    export: Exporting, target: Target
) -> None:
    target.influx.version = "1.8.10"
    one = client(target)
    one.prepare({**KEEP, Bucket.HOMES: timedelta(days=20)})
    assert one.write(Bucket.HOMES, [b"m v=1i %d" % _ns_ago(timedelta(days=30))]).verdict is (
        Verdict.REFUSED
    )
    export.journal(20)
    export.drain()
    with export.database.read() as connection:
        watches = {each.code: each.watch for each in standing_orders(connection, export.keys)}
    one.erase(Bucket.HOMES, watches["440307006031203"])
    assert observations(target) == 0
    assert target.influx.requests["/api/v2/delete"] == 0
    one.close()


def _ns_ago(age: timedelta) -> int:
    return int((datetime.now(UTC) - age).timestamp()) * 10**9
