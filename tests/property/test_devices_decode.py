"""Decoding never raises, whatever the topic and the bytes."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from devices.decode import decode
from devices.model import Decoded, Undecodable
from devices.news import DeviceMemory, judge
from devices.registry import standard
from gateway.cli.decode import decode_lines

REGISTRY = standard()

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)
topics = st.text(max_size=60) | st.builds(
    "/".join,
    st.lists(
        st.sampled_from(
            (
                *("menshen", "v1", "door-1203", "event", "heartbeat", "status", "result"),
                *("zigbee2mqtt", "bridge", "state", "availability", "contact", ""),
                "homeassistant",
            )
        ),
        max_size=6,
    ),
)
native_messages = st.fixed_dictionaries(
    {},
    optional={
        name: json_values | st.sampled_from(["door", "open", "closed", "synced", "x" * 20, 1, 0.5])
        for name in (
            *("seq", "boot", "kind", "state", "part", "at", "age_s", "clock", "battery"),
            *("rssi", "persons", "confidence", "interval_s", "states", "ok"),
        )
    },
)


def check(topic: str, payload: bytes, retained: bool) -> None:
    result = decode(topic, payload, retained, REGISTRY)
    if isinstance(result, Undecodable):
        assert result.reason.partition(":")[0].replace("_", "").islower()
        return
    for observation in result.observations:
        observation.device.encode()  # storable: no lone surrogates, no NUL in what names things
        for name in (observation.device, observation.part, observation.boot or ""):
            assert name.isprintable()
        judge(DeviceMemory(), observation)


@given(topics, st.binary(max_size=200), st.booleans())
@example("menshen/v1/door-1203/event", b"[" * 16_000, False)
@example("zigbee2mqtt/door", b'{"a":' * 3000, False)
@example("menshen/v1/door-1203/event", b"9" * 16_000, False)
@example("zigbee2mqtt/door", b'{"battery":1e999}', False)
@example("zigbee2mqtt/door", b'{"last_seen":"9999-12-31T23:59:59-14:00"}', False)
def test_any_bytes_on_any_topic(topic: str, payload: bytes, retained: bool) -> None:
    check(topic, payload, retained)


@given(topics, json_values, st.booleans())
def test_any_json_on_any_topic(topic: str, value: Any, retained: bool) -> None:
    check(topic, json.dumps(value).encode(), retained)


@given(st.sampled_from(["event", "heartbeat", "result"]), native_messages)
def test_any_value_in_any_native_field(leaf: str, message: dict[str, Any]) -> None:
    check(f"menshen/v1/door-1203/{leaf}", json.dumps(message).encode(), False)


@given(
    at=st.floats() | st.integers(),
    age_s=st.floats(),
    battery=st.floats() | st.integers(),
    rssi=st.integers(),
)
def test_no_number_in_an_optional_field_loses_an_opening(
    at: float, age_s: float, battery: float, rssi: int
) -> None:
    message = {"seq": 1, "boot": "a", "kind": "door", "state": "open"} | {
        "at": at,
        "age_s": age_s,
        "battery": battery,
        "rssi": rssi,
    }
    result = decode("menshen/v1/door-1203/event", json.dumps(message).encode(), False, REGISTRY)
    assert isinstance(result, Decoded)
    assert result.observations[0].state == "open"


@given(st.lists(st.binary(max_size=80) | json_values.map(lambda v: json.dumps(v).encode())))
def test_any_line_is_answered_by_an_object(lines: list[bytes]) -> None:
    answers = list(decode_lines(lines))
    assert len(answers) == sum(1 for line in lines if line.strip())
    for answer in answers:
        assert "error" in answer or "observations" in answer
        json.dumps(answer)
