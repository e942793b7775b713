"""What `verify` compares: days by when things happened, and only what can be compared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, insert

from alerts.tables import micros, transitions
from devices.decode import decode
from devices.registry import standard
from gateway import journal
from gateway.export import verify
from gateway.export.directory import Directory
from gateway.export.influx import Series
from gateway.export.line import instant, line, tags_of
from gateway.export.schema import OBSERVATION, Bucket
from gateway.export.verify import Compared, Sources, Verdict, compare
from gateway.journal import Row
from tests.fakes.exporting import DOOR, Exporting, RecordedInflux, exporting
from tests.fakes.gateway import NOW

TODAY = NOW.date()
LATER = NOW + timedelta(minutes=2)


class CountingInflux(RecordedInflux):
    """Counts what it was given, within the times and numbers that a query names."""

    def query(self, bucket: Bucket, influxql: str) -> list[Series]:
        named = re.findall(r'(\w+)"? (>=|<=|<) (\d+)', influxql)
        bounds = {f"{name}{sign}": int(value) for name, sign, value in named}
        [measurement] = re.findall(r'FROM "(\w+)"', influxql)
        times = range(bounds["time>="], bounds["time<"])
        numbers = range(bounds.get("seq>=", 0), bounds.get("seq<=", 2**63) + 1)
        count = 0
        for key, fields in self.points.get(bucket, {}).items():
            seq = re.search(rb"seq=(\d+)i", fields)
            is_of_it = key.startswith(f"{measurement},".encode())
            is_in_time = int(key.rpartition(b" ")[2]) in times
            count += is_of_it and is_in_time and (seq is None or int(seq[1]) in numbers)
        return [Series(measurement, {}, ("time", "count"), [[0, count]])] if count else []


@pytest.fixture
def influx() -> CountingInflux:
    return CountingInflux()


@pytest.fixture
def export(tmp_path: Path, influx: CountingInflux) -> Iterator[Exporting]:
    with exporting(tmp_path, lambda: influx) as running:  # type: ignore[arg-type, return-value]
        yield running


def compared(
    export: Exporting, influx: CountingInflux, since: datetime = NOW - timedelta(days=3)
) -> dict[tuple[date, str], Compared]:
    """Every day of which there is anything to say."""
    with export.database.read() as connection:
        directory = Directory.load(connection, export.keys, "code")
    read = partial(decode, registry=standard({}))
    keeps = timedelta(days=88)
    sources = Sources(export.database, directory, read, "street-3", {}, keeps)
    days = compare(sources, influx, since, LATER)  # type: ignore[arg-type]
    return {
        (each.day, each.measurement): each
        for each in days
        if each.here or each.there or each.waiting
    }


# ---- verdicts ----


@pytest.mark.parametrize(
    ("here", "there", "waiting", "verdict"),
    [
        (5, 5, 0, Verdict.SAME),
        (5, 5, 2, Verdict.WAITING),
        (5, 4, 0, Verdict.LACKS),
        (5, 6, 0, Verdict.MORE),
        (0, 0, 0, Verdict.SAME),
    ],
)
def test_a_day_is_judged_by_what_either_side_has(
    here: int, there: int, waiting: int, verdict: Verdict
) -> None:
    assert Compared(TODAY, "incident", here, there, waiting).verdict is verdict
    assert Compared(TODAY, "observation", here, there, waiting).verdict is verdict


def test_rows_that_wait_excuse_a_difference_and_records_do_not() -> None:
    """Of rows what waits is counted here; of records the cursor bounds both sides."""
    assert Compared(TODAY, "incident", 5, 4, 1).verdict is Verdict.WAITING
    assert Compared(TODAY, "observation", 5, 4, 1).verdict is Verdict.LACKS


def test_tries_to_send_stay_in_influxdb_when_the_home_they_were_about_is_released() -> None:
    assert Compared(TODAY, "attempt", 5, 7, 0).verdict is Verdict.SAME
    assert Compared(TODAY, "attempt", 5, 4, 0).verdict is Verdict.LACKS


# ---- the journal ----


def test_a_fact_is_counted_on_the_day_it_happened_not_on_which_it_arrived(
    export: Exporting, influx: CountingInflux
) -> None:
    payload = {"seq": 1, "boot": "b1", "kind": "door", "state": "open", "age_s": 86_400 * 2}

    def append(connection: Connection) -> None:
        topic, body = f"menshen/v1/{DOOR}/event", json.dumps(payload).encode()
        row = Row(micros(NOW), None, topic, body, retained=False, device=DOOR, reason=None)
        journal.append(connection, 1, micros(NOW), [row])

    export.write(append)
    export.drain()
    [(day, day_compared)] = compared(export, influx).items()
    assert day == (TODAY - timedelta(days=2), "observation")
    assert (day_compared.here, day_compared.there) == (1, 1)


def test_only_records_since_then_are_counted_on_either_side(
    export: Exporting, influx: CountingInflux
) -> None:
    export.journal(10, ago=timedelta(days=2))
    export.journal(10)
    export.drain()
    found = compared(export, influx, since=NOW - timedelta(hours=1))
    assert set(found) == {(TODAY, "observation")}
    assert found[TODAY, "observation"].verdict is Verdict.SAME


def test_a_journal_that_was_shortened_is_compared_from_where_it_begins(
    export: Exporting, influx: CountingInflux
) -> None:
    export.journal(10)
    export.journal(10)
    export.drain()
    export.write(lambda connection: journal.prune(connection, 7, 7))
    found = compared(export, influx)[TODAY, "observation"]
    assert (found.here, found.there) == (13, 13)


def test_records_are_read_in_many_transactions(
    export: Exporting, influx: CountingInflux, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "_AT_ONCE", 7)
    export.journal(50)
    export.drain()
    assert compared(export, influx)[TODAY, "observation"].here == 50


# ---- the tables ----


def _told(connection: Connection, at: datetime) -> None:
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


def test_what_was_told_just_now_is_left_for_the_next_time(
    export: Exporting, influx: CountingInflux
) -> None:
    export.write(partial(_told, at=LATER - timedelta(seconds=30)))
    assert compared(export, influx) == {}


# ---- lines ----

names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


@given(device=names, words=names, seq=st.integers(0, 2**53), at=st.integers(0, 2**52))
def test_series_and_time_are_found_in_any_line(device: str, words: str, seq: int, at: int) -> None:
    tags = tags_of([("device", device), ("kind", "door")])
    fields = {"state": words, "seq": seq}
    made = line("observation", tags, fields, instant(at, seq))
    other = line("observations", tags, fields, instant(at, seq))
    [(series, at_ns)] = verify._named({Bucket.HOMES: [made, other]}, OBSERVATION)
    assert series == f"observation{tags}".encode()
    assert at_ns == instant(at, seq)
