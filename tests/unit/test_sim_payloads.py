"""The simulator's native encoder against the contract's own tables."""

import json

import pytest

from firmware_sim import payloads

NUMBER = (int, float)
EVENT_FIELDS: dict[str, type | tuple[type, ...]] = {
    "seq": int,
    "boot": str,
    "at": NUMBER,
    "age_s": NUMBER,
    "clock": str,
    "kind": str,
    "state": str,
    "part": str,
    "battery": int,
    "rssi": int,
    "persons": int,
    "confidence": NUMBER,
}
HEARTBEAT_FIELDS: dict[str, type | tuple[type, ...]] = {
    "boot": str,
    "seq": int,
    "at": NUMBER,
    "clock": str,
    "uptime_s": NUMBER,
    "interval_s": NUMBER,
    "states": dict,
    "battery": int,
    "rssi": int,
    "firmware": str,
}


def test_a_full_event_has_fields_of_the_contract_and_their_types_only() -> None:
    fields = payloads.event_fields(
        seq=1841,
        boot="9f3c21aa",
        kind="camera",
        state="exit",
        part="front",
        at=1795280274.075,
        clock="synced",
        battery=87,
        rssi=-61,
        persons=2,
        confidence=0.9,
    )
    decoded = json.loads(payloads.event("cam-1203", fields).payload)
    assert set(decoded) == set(EVENT_FIELDS) - {"age_s"}
    assert all(isinstance(value, EVENT_FIELDS[name]) for name, value in decoded.items())


def test_an_event_without_readings_has_the_required_fields_alone() -> None:
    fields = payloads.event_fields(seq=1, boot="b", kind="door", state="open")
    assert fields == {"seq": 1, "boot": "b", "kind": "door", "state": "open"}


@pytest.mark.parametrize(
    ("kind", "states"),
    [
        ("door", {"open", "closed"}),
        ("seal", {"applied", "broken", "removed"}),
        ("tamper", {"on", "off"}),
        ("button", {"help", "announce"}),
        ("power", {"battery", "mains", "low"}),
        (
            "camera",
            {
                "exit",
                "entry",
                "loitering",
                "gathering",
                "motion",
                "covered",
                "uncovered",
                "fault",
            },
        ),
    ],
)
def test_every_state_of_the_contract_can_be_said_and_no_other(kind: str, states: set[str]) -> None:
    for state in states:
        payloads.event_fields(seq=1, boot="b", kind=kind, state=state)
    with pytest.raises(ValueError, match="knows no state 'ajar'"):
        payloads.event_fields(seq=1, boot="b", kind=kind, state="ajar")


def test_a_heartbeat_names_states_by_kind_or_by_kind_and_part() -> None:
    fields = payloads.heartbeat_fields(
        seq=0,
        boot="b",
        uptime_s=12.5,
        interval_s=60.0,
        states={("door", "main"): "closed", ("door", "back"): "open"},
        at=5.0,
        clock="free",
        battery=50,
        rssi=-70,
        firmware="1",
    )
    assert fields["states"] == {"door": "closed", "door/back": "open"}
    assert set(fields) == set(HEARTBEAT_FIELDS)
    assert all(isinstance(value, HEARTBEAT_FIELDS[name]) for name, value in fields.items())


def test_topics_qos_and_retain_follow_the_contract() -> None:
    sent = [
        payloads.event("dev-1", {}),
        payloads.heartbeat("dev-1", {}),
        payloads.status("dev-1", "sleeping"),
        payloads.result("dev-1", "c1"),
    ]
    assert [(m.topic, m.qos, m.retain) for m in sent] == [
        ("menshen/v1/dev-1/event", 1, False),
        ("menshen/v1/dev-1/heartbeat", 1, False),
        ("menshen/v1/dev-1/status", 1, True),
        ("menshen/v1/dev-1/result", 1, False),
    ]
    assert sent[2].payload == b"sleeping"


def test_a_refused_command_says_why() -> None:
    assert json.loads(payloads.result("dev-1", "c1", "expired").payload) == {
        "id": "c1",
        "ok": False,
        "error": "expired",
    }
