"""`menshen export verify` against a real InfluxDB: it finds what is missing, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import Connection, delete, insert

from alerts.tables import attempts, incidents, micros, notices, transitions
from devices.decode import decode
from devices.registry import standard
from gateway.export import erasures
from gateway.export.directory import Directory
from gateway.export.influx import Influx
from gateway.export.rewinding import rewind_since
from gateway.export.schema import Bucket
from gateway.export.verify import Compared, Sources, Verdict, compare
from gateway.homes.store import standing_orders
from gateway.schema.tables import devices, orders
from tests.fakes.exporting import DOOR, Exporting, client, exporting
from tests.fakes.gateway import NOW
from tests.fakes.influx_engine import Engine, influx_engine
from tests.fakes.influx_target import Target, influx_under_test

TODAY = NOW.date()
DAYS_AGO = {days: TODAY - timedelta(days=days) for days in range(5)}
SINCE = NOW - timedelta(days=3)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with influx_engine() as running:
        yield running


class Exported(NamedTuple):
    """A gateway, and the InfluxDB that it exports to."""

    gateway: Exporting
    target: Target

    def influx(self) -> Influx:
        """The gateway's own client."""
        assert self.gateway.influx is not None
        return self.gateway.influx


@pytest.fixture
def export(tmp_path: Path, engine: Engine) -> Iterator[Exported]:
    """Three days of a door, and an incident on the second, all exported."""
    with (
        influx_under_test(engine) as target,
        exporting(tmp_path, partial(client, target)) as gateway,
    ):
        for days in (3, 2, 1, 0):
            gateway.journal(30, ago=timedelta(days=days))
        gateway.write(partial(_incident, at=NOW - timedelta(days=1)))
        gateway.drain()
        yield Exported(gateway, target)


def _incident(connection: Connection, at: datetime) -> None:
    """An incident at no home, with a change, two texts to two people, and a try to send each."""
    told = {"incident": "i1", "kind": "alarm", "severity": 3, "text": b"", "reason": "still_open"}
    when = {"created_at": micros(at), "expires_at": micros(at), "next_at": micros(at)}
    connection.execute(
        insert(incidents).values(
            id="i1",
            number="4821",
            matter="outage",
            subject="building:nl-1",
            team="team-3",
            severity=0,
            level=0,
            level_reason="several_silent",
            state="open",
            headline="outage",
            opened_at=micros(at),
            since_at=micros(at),
            step=0,
            told="[]",
            acknowledgements="[]",
            homes_blind=2,
            reopened=0,
        )
    )
    connection.execute(
        insert(transitions).values(
            incident="i1",
            to_state="open",
            reason="several_silent",
            actor="system",
            decided_at=micros(at),
            detail="",
        )
    )
    for number, contact in enumerate(("worker", "doctor")):
        notice = {"id": f"n{number}", "contact": f"team-3/{contact}", "state": "delivered"}
        connection.execute(insert(notices).values(**told, **when, **notice))
        connection.execute(
            insert(attempts).values(
                notice=f"n{number}",
                channel="gsm",
                started_at=micros(at),
                ended_at=micros(at),
                outcome="sent",
                reason="",
                references="[]",
                detail="",
            )
        )


def compared(export: Exported, now: datetime = NOW) -> list[Compared]:
    with export.gateway.database.read() as connection:
        directory = Directory.load(connection, export.gateway.keys, "code")
    sources = Sources(
        database=export.gateway.database,
        directory=directory,
        decode=partial(decode, registry=standard({})),
        gateway="street-3",
        prices_fen={"gsm": 5.0},
        keeps=timedelta(days=88),
    )
    # A minute later: what was told in the last one is not compared yet.
    return list(compare(sources, export.influx(), SINCE, now + timedelta(minutes=2)))


def verdicts(days: list[Compared]) -> dict[tuple[date, str], Verdict]:
    """Every day that is not the same."""
    return {
        (each.day, each.measurement): each.verdict
        for each in days
        if each.verdict is not Verdict.SAME
    }


def lose(export: Exported, measurement: str, day: date) -> None:
    begins = datetime(day.year, day.month, day.day, tzinfo=UTC)
    after, before = micros(begins) * 1000, micros(begins + timedelta(days=1)) * 1000
    bounds = f"time >= {after} AND time < {before}"
    export.target.query("homes", f'DELETE FROM "{measurement}" WHERE {bounds}')


def test_what_was_exported_is_the_same_on_every_day(export: Exported) -> None:
    days = compared(export)
    assert verdicts(days) == {}
    counted = {(each.day, each.measurement): each.there for each in days if each.there}
    assert counted == {
        **{(DAYS_AGO[ago], "observation"): 30 for ago in (3, 2, 1, 0)},
        (DAYS_AGO[1], "incident"): 1,
        (DAYS_AGO[1], "transition"): 1,
        (DAYS_AGO[1], "notice"): 2,
        (DAYS_AGO[1], "attempt"): 2,
    }


@pytest.mark.parametrize(
    ("measurement", "ago"), [("observation", 2), ("incident", 1), ("transition", 1), ("notice", 1)]
)
def test_the_day_that_influxdb_lost_is_named_and_a_rewind_mends_it(
    export: Exported, measurement: str, ago: int
) -> None:
    lose(export, measurement, DAYS_AGO[ago])
    assert verdicts(compared(export)) == {(DAYS_AGO[ago], measurement): Verdict.LACKS}
    export.gateway.write(lambda connection: rewind_since(connection, NOW, SINCE))
    export.gateway.drain()
    assert verdicts(compared(export)) == {}


def test_one_point_that_is_missing_is_found(export: Exported) -> None:
    [series] = export.target.query("homes", 'SELECT * FROM "observation" LIMIT 1 OFFSET 40')
    at_ns = series["values"][0][0]
    export.target.query("homes", f'DELETE FROM "observation" WHERE time = {at_ns}')
    [(_, verdict)] = verdicts(compared(export)).items()
    assert verdict is Verdict.LACKS


def test_a_point_that_nothing_here_made_is_found(export: Exported) -> None:
    at_ns = micros(NOW - timedelta(days=2)) * 1000 + 7
    export.influx().write(Bucket.HOMES, [b"observation,device=other seq=3i %d" % at_ns])
    assert verdicts(compared(export)) == {(DAYS_AGO[2], "observation"): Verdict.MORE}


def test_what_is_not_exported_yet_is_named_as_such(export: Exported) -> None:
    export.gateway.journal(5, ago=timedelta(hours=1))
    at = NOW - timedelta(hours=2)
    export.gateway.write(
        lambda connection: connection.execute(
            insert(transitions).values(
                incident="i1",
                to_state="acknowledged",
                reason="replied",
                actor="team-3/worker",
                decided_at=micros(at),
                detail="",
            )
        )
    )
    days = compared(export)
    assert verdicts(days) == {
        (TODAY, "observation"): Verdict.WAITING,
        (TODAY, "transition"): Verdict.WAITING,
    }
    assert {each.waiting for each in days if each.verdict is Verdict.WAITING} == {5, 1}


def test_what_influxdb_has_beyond_the_saved_cursor_is_no_difference(export: Exported) -> None:
    export.gateway.journal(5, ago=timedelta(hours=1))
    export.gateway.cycle()
    assert export.target.count("homes", "observation", "seq") == 125
    assert verdicts(compared(export)) == {(TODAY, "observation"): Verdict.WAITING}


def test_a_released_home_that_is_still_there_is_no_difference(export: Exported) -> None:
    with export.gateway.database.read() as connection:
        orders_ = standing_orders(connection, export.gateway.keys)
    watch = next(order.watch for order in orders_ if order.code.endswith(DOOR[-5:]))

    def release(connection: Connection) -> None:
        erasures.ask(connection, "r1", watch, NOW)
        connection.execute(delete(orders).where(orders.c.watch == watch))
        connection.execute(delete(devices).where(devices.c.watch == watch))

    export.gateway.write(release)
    days = [each for each in compared(export) if each.measurement == "observation"]
    assert {each.verdict for each in days} == {Verdict.SAME}
    assert export.target.count("homes", "observation", "seq") == 120
