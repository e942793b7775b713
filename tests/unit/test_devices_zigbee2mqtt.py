"""Zigbee2MQTT beyond the recorded payloads: polarity, parts, buttons, attributes, oddities."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from devices.decode import decode
from devices.model import Decoded, Kind, Observation, Scope, Undecodable
from devices.profile import DeviceSettings
from devices.registry import standard


def observations(
    topic: str, payload: str | dict[str, Any], settings: DeviceSettings | None = None
) -> tuple[Observation, ...]:
    registry = standard({"dev": settings} if settings else {})
    raw = payload if isinstance(payload, str) else json.dumps(payload)
    result = decode(f"zigbee2mqtt/{topic}", raw.encode(), False, registry)
    assert isinstance(result, Decoded), result
    return result.observations


def facts(
    topic: str, payload: str | dict[str, Any], settings: DeviceSettings | None = None
) -> list[tuple[str, str, str]]:
    return [
        (each.kind.value, each.state, each.part) for each in observations(topic, payload, settings)
    ]


def test_an_inverted_contact_reads_the_other_way_round() -> None:
    inverted = DeviceSettings(invert=True)
    assert facts("dev", {"contact": True}, inverted) == [("door", "open", "main")]
    assert facts("dev", {"contact": False}, inverted) == [("door", "closed", "main")]
    assert facts("dev/contact", "true", inverted) == [("door", "open", "main")]


def test_each_endpoint_of_a_contact_is_a_part() -> None:
    assert facts("dev", {"contact_left": False, "contact_right": True}) == [
        ("door", "open", "left"),
        ("door", "closed", "right"),
    ]


def test_an_endpoint_with_an_endless_name_is_no_part() -> None:
    assert facts("dev", {"contact_" + "x" * 17: False}) == [("unknown", "invalid_part", "main")]


def test_a_friendly_name_may_hold_slashes_and_chinese() -> None:
    (door,) = observations("一楼/101 门", {"contact": False})
    assert (door.device, door.state) == ("一楼/101 门", "open")
    (status,) = observations("一楼/101 门/availability", "offline")
    assert (status.device, status.kind) == ("一楼/101 门", Kind.STATUS)


def test_a_device_named_like_an_attribute_is_still_a_device() -> None:
    (door,) = observations("hall/contact", {"contact": False})
    assert door.device == "hall/contact"


def test_an_emergency_is_a_call_for_help_without_any_setting() -> None:
    assert facts("dev", {"action": "emergency"}) == [("button", "help", "main")]
    assert facts("dev/action", "emergency") == [("button", "help", "main")]


def test_other_actions_mean_what_the_installer_says() -> None:
    settings = DeviceSettings(action_help=("single",), action_announce=("double",))
    assert facts("dev", {"action": "single"}, settings) == [("button", "help", "main")]
    assert facts("dev", {"action": "double"}, settings) == [("button", "announce", "main")]
    assert facts("dev", {"action": "hold"}, settings) == [("unknown", "no_reading", "main")]
    assert facts("dev", {"action": "single"}) == [("unknown", "no_reading", "main")]


def test_vibration_is_tampering_only_where_the_installer_says_so() -> None:
    payload = {"vibration": True, "action": "vibration"}
    assert facts("dev", payload) == [("unknown", "no_reading", "main")]
    glued = DeviceSettings(vibration_as="tamper")
    assert facts("dev", payload, glued) == [("tamper", "on", "vibration")]


def test_stillness_after_vibration_does_not_say_that_the_seal_is_whole() -> None:
    glued = DeviceSettings(vibration_as="tamper")
    assert facts("dev", {"vibration": False}, glued) == [
        ("unknown", "vibration_over", "vibration"),
    ]


def test_a_low_battery_is_low_until_it_is_said_to_be_no_longer() -> None:
    assert facts("dev", {"battery_low": True}) == [("power", "low", "main")]
    assert facts("dev", {"battery_low": False}) == [("power", "ok", "main")]


def test_the_gravest_fact_comes_first() -> None:
    payload = {"contact": False, "tamper": True, "battery_low": True, "action": "emergency"}
    assert [kind for kind, _, _ in facts("dev", payload)] == ["button", "tamper", "door", "power"]


@pytest.mark.parametrize(
    ("last_seen", "observed_at"),
    [
        ("2026-11-21T08:15:30.123Z", datetime(2026, 11, 21, 8, 15, 30, 123_000, tzinfo=UTC)),
        ("2026-11-21T16:15:30", None),
        ("yesterday", None),
        ("0001-01-01T00:00:00+08:00", None),
        (1e300, None),
        (-1, None),
        (True, None),
        (None, None),
    ],
)
def test_an_absurd_time_is_no_time_and_the_opening_kept(
    last_seen: Any, observed_at: datetime | None
) -> None:
    (door,) = observations("dev", {"contact": False, "last_seen": last_seen})
    assert (door.state, door.observed_at) == ("open", observed_at)


@pytest.mark.parametrize("battery", [250, -1, "91", True, None, [91]])
def test_a_battery_out_of_range_or_of_wrong_type_is_not_known(battery: Any) -> None:
    (door,) = observations("dev", {"contact": False, "battery": battery})
    assert (door.state, door.battery_pct) == ("open", None)


@pytest.mark.parametrize("contact", ["false", 0, 1, [False], {"a": 1}])
def test_a_contact_that_is_no_boolean_is_unknown_never_closed(contact: Any) -> None:
    assert facts("dev", {"contact": contact}) == [("unknown", "not_a_boolean", "main")]


def test_a_null_contact_says_nothing() -> None:
    assert facts("dev", {"contact": None, "linkquality": 9}) == [("unknown", "no_reading", "main")]


@pytest.mark.parametrize("payload", ["offline", '{"state":"offline"}', ' {"state": "offline"}\n'])
def test_the_bridges_last_will_is_about_everything_behind_it(payload: str) -> None:
    (status,) = observations("bridge/state", payload)
    assert (status.device, status.scope) == ("zigbee2mqtt", Scope.GATEWAY)
    assert (status.kind, status.state) == (Kind.STATUS, "offline")


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("dev", "null", "not_json"),
        ("dev", "21.4", "not_an_object"),
        ("dev/availability", "gone", "not_json"),
        ("dev/availability", '{"state":"gone"}', "invalid_field: $.state"),
        ("dev/availability", '{"state":["online"]}', "invalid_field: $.state"),
        ("bridge/state", "[]", "not_an_object"),
        ("bridge/event", "{", "not_json"),
        ("bridge/event", '{"type":"device_leave"}', "invalid_field: $.data.friendly_name"),
        (
            "bridge/event",
            '{"type":"device_leave","data":{"friendly_name":7}}',
            "invalid_field: $.data.friendly_name",
        ),
        ("", "{}", "invalid_topic"),
        ("x" * 201, "{}", "invalid_topic"),
        ("a\u0007b", "{}", "invalid_topic"),
    ],
)
def test_what_is_no_message_is_refused_with_its_reason(
    topic: str, payload: str, reason: str
) -> None:
    result = decode(f"zigbee2mqtt/{topic}", payload.encode(), False, standard())
    assert isinstance(result, Undecodable)
    assert result.reason == reason


def test_joining_and_announcing_are_ignored_quietly() -> None:
    payload = {"type": "device_announce", "data": {"friendly_name": "dev"}}
    assert facts("bridge/event", payload) == [("unknown", "bridge_event", "main")]


@pytest.mark.parametrize("attribute", ["temperature", "linkquality", "update-state", "last_seen"])
def test_an_attribute_that_says_no_fact_is_ignored_quietly(attribute: str) -> None:
    assert facts(f"dev/{attribute}", "21") == [("unknown", "no_reading", "main")]
