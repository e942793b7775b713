"""Whatever a device says, what is exported of it is read back to exactly that, by any InfluxDB."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.model import STATES, Decoded, Kind, Observation, Origin
from gateway.export import facts
from gateway.export.directory import Directory
from gateway.export.line import tags_of
from gateway.export.schema import Bucket
from gateway.journal import Record
from tests.fakes.line_protocol import read_all, stored
from tests.fakes.places import directory_of

AT = 1_763_700_000_000_000
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=16)
floats = st.floats(allow_nan=False)
moments = st.datetimes(timezones=st.just(UTC))
observations = st.builds(
    Observation,
    device=names,
    kind=st.sampled_from(Kind),
    state=st.one_of(st.sampled_from(sorted({s for each in STATES.values() for s in each})), names),
    part=names,
    origin=st.sampled_from(Origin),
    observed_at=st.none() | moments,
    clock=st.none() | names,
    age_s=st.none() | st.floats(0, 1e300),
    boot=st.none() | names,
    seq=st.none() | st.integers(0, 2**53),
    interval_s=st.none() | floats,
    battery_pct=st.none() | floats,
    battery_v=st.none() | floats,
    link_quality=st.none() | st.integers(),
    rssi_dbm=st.none() | st.integers(),
    persons=st.none() | st.integers(),
    confidence=st.none() | floats,
    note=st.none() | st.text(max_size=40),
)
messages = st.lists(st.lists(observations, max_size=5).map(tuple), max_size=5)


def exported(said: list[tuple[Observation, ...]]) -> tuple[facts.Facts, Directory]:
    """Export records of these messages; every device that speaks hangs at the same home."""
    directory = directory_of({each.device for message in said for each in message})
    by_payload = {str(number).encode(): message for number, message in enumerate(said)}
    records = [
        Record(7 + number, AT, AT, None, "a/topic", payload, False, None, None)
        for number, payload in enumerate(by_payload)
    ]
    found = facts.points(
        records, directory, lambda _, payload, __: Decoded("any", "", by_payload[payload])
    )
    return found, directory


@settings(max_examples=300, deadline=None)
@given(messages)
def test_every_line_is_read_back_to_what_the_schema_says(
    said: list[tuple[Observation, ...]],
) -> None:
    found, _ = exported(said)
    points = read_all(found.points[Bucket.HOMES])
    of_facts = [each for each in points if each.measurement == "observation"]
    told = [each for message in said for each in message]
    assert len(of_facts) == len(told)
    for point, observation in zip(of_facts, told, strict=True):
        assert point.fields["state"] == _in_one_line(observation.state)
        assert point.tags["kind"] == observation.kind.value
        assert point.tags["home"] == "440307006031203"
        assert point.at_ns <= AT * 1000 + 1_000_000


@settings(max_examples=150, deadline=None)
@given(messages)
def test_no_fact_takes_the_place_of_another(said: list[tuple[Observation, ...]]) -> None:
    found, _ = exported(said)
    points = read_all(found.points[Bucket.HOMES])
    of_facts = [each for each in points if each.measurement == "observation"]
    assert len(stored(of_facts)) == len(of_facts)


@settings(max_examples=100, deadline=None)
@given(messages)
def test_the_same_records_make_the_same_bytes(said: list[tuple[Observation, ...]]) -> None:
    first, _ = exported(said)
    again, _ = exported(said)
    assert first.points == again.points


@settings(max_examples=100, deadline=None)
@given(messages)
def test_a_copy_never_says_what_stands(said: list[tuple[Observation, ...]]) -> None:
    copies = [
        tuple(_as(each, Origin.RETAINED if each.age_s else Origin.CACHED) for each in message)
        for message in said
    ]
    found, _ = exported(copies)
    assert {each.measurement for each in read_all(found.points[Bucket.HOMES])} <= {"observation"}


@given(st.text(), st.text(), st.text())
def test_tags_are_read_back_as_they_were(home: str, team: str, part: str) -> None:
    tags = tags_of([("team", team), ("home", home), ("part", part)])
    (point,) = read_all([f"observation{tags} seq=1i 1".encode()])
    assert list(point.tags) == sorted(point.tags)
    wanted = {"home": home, "part": part, "team": team}
    assert set(point.tags) == {name for name, value in wanted.items() if value}
    for name, value in point.tags.items():
        if all(each.isprintable() for each in wanted[name]) and not wanted[name].endswith("\\"):
            assert value == wanted[name]


def _as(observation: Observation, origin: Origin) -> Observation:
    fields: dict[str, Any] = {
        name: getattr(observation, name) for name in Observation.__struct_fields__
    }
    return Observation(**fields | {"origin": origin})


def _in_one_line(text: str) -> str:
    return "".join(max(each, " ") for each in text)
