"""Native messages, field by field."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from devices.decode import decode
from devices.model import Decoded, Kind, Observation, Origin, Undecodable
from devices.registry import standard

REGISTRY = standard()
EVENT: dict[str, Any] = {"seq": 1841, "boot": "9f3c21aa", "kind": "door", "state": "open"}
BEAT: dict[str, Any] = {"seq": 3, "boot": "9f3c21aa", "uptime_s": 9, "interval_s": 60, "states": {}}


def read(
    leaf: str, payload: bytes | dict[str, Any], retained: bool = False
) -> Decoded | Undecodable:
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return decode(f"menshen/v1/door-1203/{leaf}", raw, retained, REGISTRY)


def observations(leaf: str, payload: bytes | dict[str, Any]) -> tuple[Observation, ...]:
    result = read(leaf, payload)
    assert isinstance(result, Decoded), result
    return result.observations


def event(**fields: Any) -> Observation:
    (observation,) = observations("event", EVENT | fields)
    return observation


def refusal(leaf: str, payload: bytes | dict[str, Any]) -> str:
    result = read(leaf, payload)
    assert isinstance(result, Undecodable), result
    assert (result.profile, result.device) == ("native", "door-1203")
    return result.reason


def test_an_event_is_read_whole() -> None:
    observation = event(
        at=1795280274.075, age_s=2, clock="synced", part="back", battery=87, rssi=-61
    )
    assert observation == Observation(
        device="door-1203",
        kind=Kind.DOOR,
        state="open",
        part="back",
        observed_at=datetime(2026, 11, 21, 16, 57, 54, 75_000, tzinfo=UTC),
        clock="synced",
        age_s=2,
        boot="9f3c21aa",
        seq=1841,
        battery_pct=87,
        rssi_dbm=-61,
    )


def test_a_camera_tells_persons_and_confidence() -> None:
    observation = event(kind="camera", state="exit", persons=2, confidence=0.8)
    assert (observation.persons, observation.confidence) == (2, 0.8)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("battery", 250),
        ("battery", "full"),
        ("battery", True),
        ("rssi", -1000),
        ("rssi", -61.5),
        ("at", 1e300),
        ("at", -1),
        ("at", float("nan")),
        ("at", float("inf")),
        ("at", 10**400),
        ("at", "2026-11-21"),
        ("age_s", -5),
        ("clock", "wrong"),
        ("persons", -1),
        ("confidence", 1.5),
    ],
)
def test_a_bad_optional_field_is_dropped_and_the_opening_kept(field: str, value: Any) -> None:
    assert event(**{field: value}) == event()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seq", True),
        ("seq", -1),
        ("seq", 1.5),
        ("seq", "1"),
        ("seq", 2**60),
        ("seq", None),
        ("boot", ""),
        ("boot", "x" * 17),
        ("boot", 7),
        ("kind", None),
        ("state", ["open"]),
        ("part", "x" * 17),
    ],
)
def test_a_bad_required_field_is_named_in_the_refusal(field: str, value: Any) -> None:
    assert refusal("event", EVENT | {field: value}) == f"invalid_field: $.{field}"


@pytest.mark.parametrize("field", ["seq", "boot", "kind", "state"])
def test_an_absent_required_field_is_named_in_the_refusal(field: str) -> None:
    rest = {name: value for name, value in EVENT.items() if name != field}
    assert refusal("event", rest) == f"invalid_field: $.{field}"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "not_json"),
        (b'{"seq": 1', "not_json"),
        (b"\xff\xfe\x00", "not_json"),
        (b"[" * 9000, "not_json"),
        (b"[1]", "not_an_object"),
        (b"null", "not_an_object"),
        (b'{"seq":1,"boot":"a\\u0000","kind":"door","state":"open"}', "unprintable_name"),
        (b'{"seq":1,"boot":"\\ud800","kind":"door","state":"open"}', "unprintable_name"),
    ],
)
def test_what_is_no_message_is_refused_with_its_reason(payload: bytes, reason: str) -> None:
    assert refusal("event", payload) == reason


@pytest.mark.parametrize(
    ("kind", "state", "note"),
    [
        ("smoke", "on", "unknown_kind"),
        ("door", "ajar", "unknown_state"),
        ("power", "ok", "unknown_state"),
        ("heartbeat", "alive", "unknown_kind"),
        ("status", "online", "unknown_kind"),
    ],
)
def test_an_unknown_word_is_an_unknown_observation_with_its_number(
    kind: str, state: str, note: str
) -> None:
    observation = event(kind=kind, state=state)
    assert (observation.kind, observation.note) == (Kind.UNKNOWN, note)
    assert (observation.boot, observation.seq) == ("9f3c21aa", 1841)


def test_unknown_fields_are_ignored() -> None:
    assert event(firmware="9", nested={"deep": [1]}) == event()


def test_a_heartbeat_is_proof_of_life_first_and_then_its_states() -> None:
    beat = BEAT | {"states": {"door": "closed", "seal": "applied", "door/back": "open"}}
    alive, *states = observations("heartbeat", beat | {"battery": 87, "rssi": -61})
    assert (alive.kind, alive.state, alive.interval_s) == (Kind.HEARTBEAT, "alive", 60)
    assert (alive.battery_pct, alive.rssi_dbm) == (87, -61)
    assert [(each.kind, each.state, each.part) for each in states] == [
        (Kind.DOOR, "closed", "main"),
        (Kind.SEAL, "applied", "main"),
        (Kind.DOOR, "open", "back"),
    ]
    assert {each.origin for each in (alive, *states)} == {Origin.REPORT}
    assert {(each.boot, each.seq) for each in (alive, *states)} == {("9f3c21aa", 3)}
    assert {each.battery_pct for each in states} == {None}


@pytest.mark.parametrize(
    ("states", "note"),
    [
        ({"button": "help"}, "momentary_state"),
        ({"camera": "exit"}, "momentary_state"),
        ({"door": "ajar"}, "unknown_state"),
        ({"door": True}, "unknown_state"),
        ({"door": ["open"]}, "unknown_state"),
        ({"smoke": "on"}, "unknown_kind"),
        ({"": "on"}, "unknown_kind"),
        ({"door/": "open"}, "invalid_part"),
        ({"door/" + "x" * 17: "open"}, "invalid_part"),
    ],
)
def test_an_odd_state_in_a_heartbeat_is_unknown_and_the_others_stand(
    states: dict[str, Any], note: str
) -> None:
    _, odd, seal = observations("heartbeat", BEAT | {"states": states | {"seal": "broken"}})
    assert (odd.kind, odd.note) == (Kind.UNKNOWN, note)
    assert (seal.kind, seal.state) == (Kind.SEAL, "broken")


def test_a_heartbeat_with_countless_states_stays_small() -> None:
    states = {f"door/{number}": "open" for number in range(500)}
    read_ = observations("heartbeat", BEAT | {"states": states})
    assert len(read_) == 34
    assert read_[-1].note == "too_many_states"


@pytest.mark.parametrize("interval_s", [0, -60, "60", None, 1e300])
def test_a_heartbeat_must_say_how_long_it_may_be_silent(interval_s: Any) -> None:
    reason = refusal("heartbeat", BEAT | {"interval_s": interval_s})
    assert reason == "invalid_field: $.interval_s"


def test_a_heartbeat_with_a_mad_battery_is_still_proof_of_life() -> None:
    (alive,) = observations("heartbeat", BEAT | {"battery": -3, "at": -1})
    assert (alive.state, alive.battery_pct, alive.observed_at) == ("alive", None, None)


@pytest.mark.parametrize("state", ["online", "offline", "sleeping"])
def test_a_retained_status_is_a_status_of_unknown_age(state: str) -> None:
    result = read("status", state.encode(), retained=True)
    assert isinstance(result, Decoded)
    (status,) = result.observations
    assert (status.kind, status.state, status.origin) == (Kind.STATUS, state, Origin.RETAINED)


def test_an_odd_status_is_refused_and_an_empty_one_only_clears_the_topic() -> None:
    assert refusal("status", b"gone") == "invalid_status"
    assert [each.note for each in observations("status", b"")] == ["topic_cleared"]


@pytest.mark.parametrize(
    ("payload", "note"),
    [
        (b'{"id":"7","ok":true}', "result_ok"),
        (b'{"id":"7","ok":false,"error":"x"}', "result_failed"),
    ],
)
def test_a_result_is_noted(payload: bytes, note: str) -> None:
    assert [each.note for each in observations("result", payload)] == [note]


def test_a_result_that_says_neither_is_refused() -> None:
    assert refusal("result", b'{"ok":"yes"}') == "invalid_field: $.ok"


@pytest.mark.parametrize("leaf", ["received", "command"])
def test_our_own_messages_say_nothing(leaf: str) -> None:
    assert [each.note for each in observations(leaf, b"anything")] == ["own_message"]


def test_a_topic_outside_the_grammar_is_refused() -> None:
    result = decode("menshen/v1/x/event", b"{}", False, REGISTRY)
    assert result == Undecodable("native", "", "invalid_topic")
