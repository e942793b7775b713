"""The same for every profile: recorded payloads read as noted, and nothing makes it raise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.decode import MAX_PAYLOAD_BYTES, decode
from devices.model import STATES, Decoded, Kind, Origin, Undecodable
from devices.profile import Profile
from devices.registry import standard
from gateway.cli.decode import decode_lines

PAYLOADS = Path(__file__).parents[1] / "fixtures" / "payloads"
PROFILES = standard(zigbee2mqtt_bases=("zigbee2mqtt", "north/z2m")).profiles

FACTS = {
    "door_opened": ("door", "open"),
    "door_closed": ("door", "closed"),
    "tamper": ("tamper", "on"),
    "battery": ("battery", "level"),
    "online": ("status", "online"),
    "offline": ("status", "offline"),
}
"""The vectors' words for what a payload says, in ours."""


def vectors() -> list[Any]:
    rows = []
    for path in sorted(PAYLOADS.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            vector = json.loads(line)
            rows.append(pytest.param(vector, id=f"{path.stem}:{number}:{vector['profile']}"))
    return rows


def answer_to(vector: dict[str, Any]) -> dict[str, Any]:
    """What the last of the vector's messages was decoded to."""
    messages = [*vector.get("after", []), vector]
    fields = ("topic", "payload", "retain", "config", "payload_encoding")
    lines = [json.dumps({k: message[k] for k in fields if k in message}) for message in messages]
    return list(decode_lines(line.encode() for line in lines))[-1]


@pytest.mark.parametrize("vector", vectors())
def test_a_recorded_payload_says_what_is_noted_of_it(vector: dict[str, Any]) -> None:
    expect = vector["expect"]
    answer = answer_to(vector)
    observations = answer["observations"]
    said = [(each["kind"], each["state"]) for each in observations]

    assert answer["profile"] == vector["profile"].partition(".")[0] or (
        answer["profile"] == vector["profile"]
    )
    if expect["kind"] == "invalid":
        assert answer["undecodable"]
        assert not observations
        return
    assert "undecodable" not in answer
    if expect["kind"] == "unknown":
        assert {kind for kind, _ in said} == {"unknown"}
        assert not any(each["new_event"] for each in observations)
        return
    first = observations[0]
    assert said[0] == FACTS[expect["kind"]]
    assert {FACTS[also] for also in expect.get("also", [])} <= set(said[1:])
    for name in ("battery_pct", "battery_v", "link_quality", "observed_at", "device", "scope"):
        if name in expect:
            assert first[name] == expect[name]
    if expect["kind"] in {"door_opened", "door_closed", "tamper"} and not vector.get("retain"):
        assert first["new_event"] is expect.get("new_event", True)
    if vector.get("retain"):
        assert not any(each["new_event"] for each in observations)


@pytest.mark.parametrize(
    "vector", [each for each in vectors() if each.values[0]["expect"]["kind"] in FACTS]
)
def test_a_reading_that_is_not_noted_is_not_made_up(vector: dict[str, Any]) -> None:
    expect = vector["expect"]
    for observation in answer_to(vector)["observations"]:
        if "battery_pct" not in expect:
            assert "battery_pct" not in observation
        if "observed_at" not in expect:
            assert "observed_at" not in observation
        if "door" not in expect["kind"] and "also" not in expect:
            assert observation["kind"] != "door"


@pytest.mark.parametrize("profile", PROFILES, ids=lambda each: each.prefix)
class TestEveryProfile:
    @given(
        leaf=st.text(max_size=40)
        | st.sampled_from(("abcd/event", "abcd/heartbeat", "a/b/availability", "bridge/event")),
        payload=st.binary(max_size=60)
        | st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        ("contact", "state", "states", "seq", "boot", "data", "last_seen")
                    )
                    | st.text(max_size=5),
                    inner,
                    max_size=4,
                )
            ),
        ).map(lambda value: json.dumps(value).encode()),
        retained=st.booleans(),
    )
    def test_nothing_on_its_topics_makes_it_raise(
        self, profile: Profile, leaf: str, payload: bytes, retained: bool
    ) -> None:
        result = profile.decode(profile.prefix + leaf, payload, retained, {})
        if isinstance(result, Decoded):
            assert result.observations
            for each in result.observations:
                assert each.kind is Kind.UNKNOWN or each.state in STATES[each.kind]
                assert (each.origin is Origin.RETAINED) == retained
        else:
            assert result.reason
        profile.device_of(profile.prefix + leaf)

    def test_it_claims_its_own_topics_only(self, profile: Profile) -> None:
        assert profile.claims(f"{profile.prefix}any/thing")
        assert not profile.claims(f"x{profile.prefix}any/thing")
        assert not profile.claims(profile.prefix.rstrip("/"))

    def test_it_subscribes_within_what_it_claims(self, profile: Profile) -> None:
        for topic_filter in profile.subscriptions:
            assert profile.claims(topic_filter.replace("+", "some").replace("#", "some"))


def test_a_payload_over_the_limit_is_refused_with_its_device_named() -> None:
    registry = standard()
    large = b'{"contact": false, "x": "' + b"x" * MAX_PAYLOAD_BYTES + b'"}'
    for topic, device in (
        ("menshen/v1/door-1203/event", "door-1203"),
        ("zigbee2mqtt/room-0301-door", "room-0301-door"),
    ):
        result = decode(topic, large, False, registry)
        assert isinstance(result, Undecodable)
        assert (result.device, result.reason) == (device, "payload_too_large")


def test_a_payload_of_exactly_the_limit_is_read() -> None:
    head = b'{"contact": false, "x": "'
    payload = head + b"x" * (MAX_PAYLOAD_BYTES - len(head) - 2) + b'"}'
    assert len(payload) == MAX_PAYLOAD_BYTES
    result = decode("zigbee2mqtt/room-0301-door", payload, False, standard())
    assert isinstance(result, Decoded)


def test_a_bridges_inventory_may_be_large_for_it_is_not_read() -> None:
    result = decode("zigbee2mqtt/bridge/devices", b"x" * 1_000_000, True, standard())
    assert isinstance(result, Decoded)
    assert [each.note for each in result.observations] == ["bridge_topic"]
