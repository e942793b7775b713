"""Records to points: every fact at its time, what stands from it on, and nothing that is not so."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from devices.decode import decode
from devices.model import Kind, Observation
from devices.profile import DeviceSettings
from devices.registry import standard
from gateway.export import facts
from gateway.export.line import SPREAD
from gateway.export.schema import Bucket
from gateway.journal import Record
from tests.fakes.line_protocol import Point, read_all
from tests.fakes.places import directory_of

AT = 1_763_700_000_000_000
DIRECTORY = directory_of(["door-1", "camera-1", "0x01"])
SHAKEN = {"0x01": DeviceSettings(vibration_as="tamper")}
read_message = partial(decode, registry=standard(SHAKEN))


def record(topic: str, said: object, seq: int = 1, *, retained: bool = False) -> Record:
    payload = said if isinstance(said, bytes) else json.dumps(said).encode()
    return Record(seq, AT, AT, None, topic, payload, retained, "door-1", None)


def event(seq: int = 1, device: str = "door-1", *, retained: bool = False, **said: Any) -> Record:
    fact = {"boot": "b1", "seq": seq, "kind": "door", "state": "open"} | said
    return record(f"menshen/v1/{device}/event", fact, seq, retained=retained)


def beat(seq: int = 1, **said: Any) -> Record:
    fact = {"boot": "b1", "seq": seq, "uptime_s": 1, "interval_s": 600, "states": {}} | said
    return record("menshen/v1/door-1/heartbeat", fact, seq)


def export(*records: Record) -> facts.Facts:
    return facts.points(records, DIRECTORY, read_message)


def points(measurement: str, *records: Record) -> list[Point]:
    found = read_all(export(*records).points[Bucket.HOMES])
    return [each for each in found if each.measurement == measurement]


def test_an_opening_is_a_fact_and_from_then_on_the_door_is_open() -> None:
    (fact,) = points("observation", event(7))
    assert fact.at_ns == AT * 1000 + 7
    assert fact.fields == {"state": "open", "origin": "event", "seq": 7}
    assert (fact.tags["device"], fact.tags["kind"]) == ("door-1", "door")
    (state,) = points("state", event(7))
    assert state.fields == {"state": "open", "source": "said"}
    assert (state.at_ns, state.tags) == (fact.at_ns, fact.tags)


def test_what_was_kept_back_stands_when_it_happened() -> None:
    (fact,) = points("observation", event(age_s=400))
    assert fact.at_ns == (AT - 400_000_000) * 1000 + 1
    assert fact.fields["late_s"] == 400.0
    then, now = points("state", event(age_s=400))
    assert then.at_ns == fact.at_ns
    # Samples of those 400 s said what was known then: it is said anew when it is known.
    assert (now.at_ns, now.tags, now.fields) == (AT * 1000 + 1, then.tags, then.fields)


def test_an_age_beyond_all_sense_is_still_a_time() -> None:
    ancient = Observation("door-1", Kind.DOOR, "open", age_s=1e300)
    assert 0 < facts.happened_at(AT, ancient) < AT


def test_a_clock_of_a_device_that_is_ahead_dates_nothing() -> None:
    (fact,) = points("observation", event(at=4_102_444_800, clock="free"))
    assert fact.at_ns == AT * 1000 + 1
    assert fact.fields["observed_at_ms"] == 4_102_444_800_000
    assert fact.fields["clock"] == "free"
    (reading,) = points("device", event(at=4_102_444_800, clock="free"))
    assert reading.fields == {"clock_off_s": 4_102_444_800 - AT / 1e6}


def test_a_retained_open_is_a_fact_and_says_nothing_of_now() -> None:
    found = export(event(retained=True, battery=80)).points[Bucket.HOMES]
    assert [each.measurement for each in read_all(found)] == ["observation"]
    assert read_all(found)[0].fields["origin"] == "retained"


def test_what_a_camera_saw_is_over_and_that_it_is_covered_stands() -> None:
    seen = event(1, "camera-1", kind="camera", state="exit", persons=2, confidence=0.5)
    covered = event(2, "camera-1", kind="camera", state="covered")
    assert [each.fields["state"] for each in points("state", seen, covered)] == ["covered"]
    assert points("observation", seen)[0].fields["persons"] == 2
    assert points("observation", seen)[0].fields["confidence"] == 0.5


def test_a_device_that_shook_is_still_again() -> None:
    shaking = record("zigbee2mqtt/0x01", {"vibration": True})
    still = record("zigbee2mqtt/0x01", {"vibration": False}, 2)
    said = [(each.tags["part"], each.fields["state"]) for each in points("state", shaking, still)]
    assert said == [("vibration", "on"), ("vibration", "off")]


def test_what_came_in_one_go_stays_in_its_order() -> None:
    sequence = [event(seq, state="open" if seq % 2 else "closed") for seq in range(990, 1010)]
    times = [each.at_ns for each in points("state", *sequence)]
    assert times == sorted(set(times))
    assert times[-1] - times[0] < SPREAD


def test_two_facts_of_one_message_about_the_same_part_are_two() -> None:
    (record_,) = [beat(states={"nobody": "knows", "what": "it is", "door": "open"})]
    facts_ = points("observation", record_)
    unknown = [each for each in facts_ if each.tags["kind"] == "unknown"]
    assert len({each.at_ns for each in unknown}) == len(unknown) == 2


def test_a_heartbeat_restates_what_is_and_reads_its_device_once() -> None:
    message = beat(states={"door": "closed", "tamper": "off"}, battery=91, rssi=-61)
    assert {each.tags["kind"]: each.fields["state"] for each in points("state", message)} == {
        "door": "closed",
        "tamper": "off",
    }
    (reading,) = points("device", message)
    assert reading.fields == {"battery_pct": 91.0, "rssi_dbm": -61, "interval_s": 600.0}
    assert set(reading.tags) >= {"device", "home", "watch"}
    assert "kind" not in reading.tags


def test_what_cannot_be_told_is_counted_by_reason() -> None:
    unread = record("menshen/v1/door-1/event", b"{")._replace(reason="invalid_json")
    mended = record("menshen/v1/door-1/event", b"\xff")
    stranger = event(3, "stranger")
    bridge = record("zigbee2mqtt/bridge/state", {"state": "online"})
    found = export(unread, mended, stranger, bridge)
    assert found.points == {Bucket.HOMES: []}
    assert found.passed_over == {
        facts.UNDECODABLE: 2,
        facts.UNREGISTERED: 1,
        facts.OF_A_BRIDGE: 1,
    }


def test_what_a_device_remembers_is_known_by_kind_part_and_state() -> None:
    assert facts.standing("door/back", "open") == ("door", "back", "open")
    assert facts.standing("seal", "broken") == ("seal", "main", "broken")
    assert facts.standing("tamper/vibration", "over") == ("tamper", "vibration", "off")
    assert facts.standing("button/sos", "over") is None
    assert facts.standing("camera", "motion") is None
    assert facts.standing("heartbeat", "alive") is None
