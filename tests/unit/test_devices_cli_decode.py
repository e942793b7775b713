"""`menshen decode`: one object for a message, one a line for a stream."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from gateway.cli.decode import decode_lines, decode_one, main


def lines(*messages: dict[str, Any] | bytes) -> list[dict[str, Any]]:
    raw = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in messages]
    return list(decode_lines(raw))


def news(*messages: dict[str, Any]) -> list[bool]:
    return [answer["observations"][0]["new_event"] for answer in lines(*messages)]


def z2m(contact: bool, **fields: Any) -> dict[str, Any]:
    return {"topic": "zigbee2mqtt/room-0301-door", "payload": {"contact": contact}} | fields


BRIDGE = {"topic": "zigbee2mqtt/bridge/state", "payload": {"state": "online"}}


def test_one_message_is_one_object() -> None:
    payload = b'{"contact":false,"battery":91,"last_seen":1795248930000,"linkquality":141}'
    assert decode_one("zigbee2mqtt/room-0301-door", payload) == {
        "profile": "zigbee2mqtt",
        "observations": [
            {
                "device": "room-0301-door",
                "kind": "door",
                "state": "open",
                "new_event": True,
                "news": "found",
                "origin": "event",
                "observed_at": "2026-11-21T08:15:30Z",
                "battery_pct": 91,
                "link_quality": 141,
            }
        ],
    }


def test_an_undecodable_message_says_why() -> None:
    assert decode_one("zigbee2mqtt/room-0301-door", b"[1]") == {
        "profile": "zigbee2mqtt",
        "device": "room-0301-door",
        "observations": [],
        "undecodable": "not_an_object",
    }
    assert decode_one("a/b", b"")["undecodable"] == "unclaimed_topic"


def test_a_retained_message_is_no_new_event() -> None:
    answer = decode_one("zigbee2mqtt/door", b'{"contact":false}', retained=True)
    assert answer["observations"][0]["new_event"] is False


def test_settings_are_those_of_the_device() -> None:
    answer = decode_one("zigbee2mqtt/door", b'{"contact":false}', settings={"invert": True})
    assert answer["observations"][0]["state"] == "closed"


def test_states_are_kept_between_the_lines_of_one_device() -> None:
    assert news(z2m(True), z2m(True), z2m(False), z2m(False)) == [True, False, True, False]


def test_a_bridges_restart_repeats_without_a_new_event() -> None:
    closed, replayed, opened = z2m(True), z2m(True), z2m(False)
    assert news(closed, BRIDGE, replayed, opened) == [True, True, False, True]


def test_an_old_open_of_a_restarted_bridge_is_no_new_event() -> None:
    assert news(z2m(True), BRIDGE, z2m(False))[-1] is False
    assert news(BRIDGE, z2m(False))[-1] is False


def test_a_native_event_twice_is_one_new_event() -> None:
    event = {
        "topic": "menshen/v1/door-1203/event",
        "payload": {"seq": 1, "boot": "a", "kind": "door", "state": "open"},
    }
    assert news(event, event) == [True, False]


def test_a_string_is_the_exact_text_and_base64_is_binary() -> None:
    texts = lines(
        {"topic": "zigbee2mqtt/door/contact", "payload": "false"},
        {
            "topic": "zigbee2mqtt/door/contact",
            "payload": "dHJ1ZQ==",
            "payload_encoding": "base64",
        },
    )
    assert [answer["observations"][0]["state"] for answer in texts] == ["open", "closed"]


def test_a_config_holds_for_its_line_and_other_makes_keys_are_let_be() -> None:
    sos = {"topic": "zigbee2mqtt/dev", "payload": {"action": "single"}}
    with_config = sos | {"config": {"action_help": ["single"], "zones": ["room"]}}
    kinds = [answer["observations"][0]["kind"] for answer in lines(with_config, sos)]
    assert kinds == ["button", "unknown"]


@pytest.mark.parametrize(
    "bad",
    [
        b"not json",
        b"[]",
        b'{"payload": "x"}',
        b'{"topic": 7, "payload": "x"}',
        b'{"topic": "a", "payload": "!!", "payload_encoding": "base64"}',
        b'{"topic": "a", "payload": {}, "payload_encoding": "base64"}',
        b'{"topic": "a", "payload": "x", "payload_encoding": "latin-1"}',
        b'{"topic": "zigbee2mqtt/d", "payload": "{}", "config": {"invert": "yes"}}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_a_bad_line_is_an_error_and_the_stream_goes_on(bad: bytes) -> None:
    error, good = lines(bad, z2m(False))
    assert error["error"].startswith("line 1: ")
    assert good["observations"][0]["state"] == "open"


def test_the_command_prints_one_object_for_one_message() -> None:
    out = io.StringIO()
    assert main("zigbee2mqtt/一楼 门", False, False, io.BytesIO(b'{"contact":true}'), out) == 0
    assert json.loads(out.getvalue())["observations"][0]["device"] == "一楼 门"
    assert out.getvalue().count("\n") == 1


def test_the_command_prints_an_object_a_line_for_a_stream() -> None:
    out = io.StringIO()
    stdin = io.BytesIO(b"\n".join(json.dumps(z2m(each)).encode() for each in (True, False)) + b"\n")
    assert main(None, False, True, stdin, out) == 0
    assert [json.loads(line)["profile"] for line in out.getvalue().splitlines()] == [
        "zigbee2mqtt",
        "zigbee2mqtt",
    ]


def test_the_command_without_a_topic_says_what_it_needs() -> None:
    out = io.StringIO()
    assert main(None, False, False, io.BytesIO(b""), out) == 2
    assert "--topic" in json.loads(out.getvalue())["error"]
