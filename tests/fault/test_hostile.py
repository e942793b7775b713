"""Whatever anybody publishes: no crash, all counted, the honest ones served, memory bounded."""

from __future__ import annotations

import contextlib
import json
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.fault_broker import Mosquitto
from tests.fakes.fault_gateway import GatewayProcess, resident_mb
from tests.fakes.fault_noise import Noise
from tests.fakes.fault_publisher import Device, Publisher
from tests.fakes.fault_street import door, prepare
from tests.fakes.fault_wait import until

pytestmark = pytest.mark.mosquitto

MESSAGES = 4000
HONEST_EVERY = 400
MEMORY_MB = 90
INVENTED = 20_000


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", [1, 2])
def test_noise_is_counted_and_honest_openings_in_between_are_told(
    tmp_path: Path, seed: int
) -> None:
    noise, honest = Noise(seed), MESSAGES // HONEST_EVERY
    with Mosquitto(tmp_path / "broker") as broker, Publisher(broker.port) as publisher:
        config = prepare(tmp_path / "gateway", broker.port, homes=honest + 5)
        with GatewayProcess(tmp_path / "gateway", config) as gateway:
            gateway.start().hears(publisher)
            for number in range(MESSAGES):
                publisher.send(*noise.message())
                if number % HONEST_EVERY == 0:
                    home = 5 + number // HONEST_EVERY  # the noise speaks as homes 0 to 4
                    publisher.send(*Device(door(home)).event("door", "open"))
            publisher.drain()
            publisher.send(*Device("last-of-all").event("door", "open"))
            last = "SELECT count(*) FROM journal WHERE device = 'last-of-all'"
            until(lambda: gateway.count(last) == 1, "all before it is journalled", 60)
            until(lambda: gateway.metric("cursor_lag_records") == 0, "all is applied", 60)
            assert gateway.is_alive
            assert "Traceback" not in gateway.log()
            assert gateway.metric("intake_undecodable_total") > MESSAGES / 10
            assert gateway.metric("records_passed_over_total") == 0
            watched = "SELECT count(DISTINCT watch) FROM incidents"
            until(lambda: gateway.count(watched) >= honest, "every honest opening is told")
            whys = dict(gateway.rows("SELECT reason, count(*) FROM journal GROUP BY reason"))
            assert len(whys) > 5, whys


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_invented_devices_cost_bounded_memory(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as broker, Publisher(broker.port) as publisher:
        config = prepare(tmp_path / "gateway", broker.port, homes=2)
        with GatewayProcess(tmp_path / "gateway", config) as gateway:
            gateway.start().hears(publisher)
            before_mb = resident_mb(gateway.pid)
            for number in range(INVENTED):
                publisher.send(*Device(f"invented-{number}").event("door", "open"))
            publisher.drain(60)
            until(lambda: gateway.journalled() >= INVENTED, "all is journalled", 60)
            until(lambda: gateway.metric("cursor_lag_records") == 0, "all is applied", 60)
            grown_mb = resident_mb(gateway.pid) - before_mb
            assert gateway.count("SELECT count(*) FROM incidents") == 0
            assert grown_mb < MEMORY_MB / 2
            publisher.send(*Device(door(0)).event("door", "open"))
            until(gateway.texts, "an opening is told as ever")


def test_a_topic_that_is_no_utf8_reaches_nobody_or_harms_nobody(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as broker, Publisher(broker.port) as publisher:
        config = prepare(tmp_path / "gateway", broker.port, homes=1)
        with GatewayProcess(tmp_path / "gateway", config) as gateway:
            gateway.start().hears(publisher)
            for name in (b"menshen/v1/\xff\xfe/event", b"menshen/v1/\xed\xa0\x80/event"):
                publish_raw(broker.port, name, b"{}")
            publisher.send(*Device(door(0)).event("door", "open"))
            until(gateway.texts, "an opening is told as ever")
            assert gateway.metric("mqtt_connections_lost_total") == 0


def test_half_a_surrogate_pair_costs_no_opening_and_no_gateway(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as broker, Publisher(broker.port) as publisher:
        config = prepare(tmp_path / "gateway", broker.port, homes=1)
        with GatewayProcess(tmp_path / "gateway", config) as gateway:
            gateway.start().hears(publisher)
            for field in ("boot", "kind", "state", "part", "clock", "x"):
                topic, payload = Device("stranger").event("door", "open")
                publisher.send(topic, payload[:-1] + b', "%s": "\\ud800"}' % field.encode())
            topic, payload = Device(door(0)).event("door", "open")
            publisher.send(topic, payload[:-1] + b', "clock": "\\ud800"}')
            until(gateway.texts, "an opening whose clock word is odd is told")
            assert gateway.is_alive
            assert "Traceback" not in gateway.log()


def publish_raw(port: int, topic: bytes, payload: bytes) -> None:
    """Publish bytes that no client library would, QoS 0, and wait for the broker's verdict."""
    body = len(topic).to_bytes(2, "big") + topic + payload
    with socket.create_connection(("127.0.0.1", port), 5) as sock:
        sock.sendall(b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02xx")
        assert sock.recv(4, socket.MSG_WAITALL)[3] == 0
        sock.sendall(bytes([0x30, len(body)]) + body + b"\xc0\x00")
        with contextlib.suppress(ConnectionResetError):
            sock.recv(2)  # a PINGRESP, or nothing: the broker hung up


payloads = st.one_of(
    st.binary(max_size=300),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ).map(lambda value: json.dumps(value).encode()),
    st.fixed_dictionaries(
        {},
        optional={
            "seq": st.integers() | st.none(),
            "boot": st.text(max_size=20),
            "kind": st.sampled_from(["door", "seal", "power", "camera", "button", "tamper", "x"]),
            "state": st.sampled_from(["open", "closed", "broken", "help", "announce", "on", "low"]),
            "at": st.floats() | st.integers(),
            "age_s": st.floats() | st.integers(),
            "battery": st.floats() | st.integers(),
            "part": st.text(max_size=20),
        },
    ).map(lambda value: json.dumps(value).encode()),
)
tails = st.sampled_from(["event", "heartbeat", "status", "result", "received", "command"])
devices = st.sampled_from([door(0), door(1), "stranger"]) | st.from_regex(
    r"[A-Za-z0-9_-]{1,70}", fullmatch=True
)


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_no_message_whatsoever_ends_the_gateway_or_makes_the_engine_pass_it_over(
    tmp_path: Path,
) -> None:
    with Mosquitto(tmp_path / "broker") as broker, Publisher(broker.port) as publisher:
        config = prepare(tmp_path / "gateway", broker.port, homes=3)
        with GatewayProcess(tmp_path / "gateway", config) as gateway:
            gateway.start().hears(publisher)

            @settings(max_examples=60, suppress_health_check=list(HealthCheck))
            @given(st.lists(st.tuples(devices, tails, payloads), min_size=1, max_size=40))
            def all_of_them(messages: list[tuple[str, str, bytes]]) -> None:
                before = gateway.metric("intake_messages_total")
                for device, tail, payload in messages:
                    publisher.send(f"menshen/v1/{device}/{tail}", payload)
                publisher.drain()
                publisher.send(*Device("stranger").heartbeat())
                until(
                    lambda: (
                        gateway.metric("intake_messages_total") > before
                        and gateway.metric("cursor_lag_records") == 0
                    ),
                    "all is applied",
                )
                assert gateway.metric("records_passed_over_total") == 0
                assert "Traceback" not in gateway.log()

            all_of_them()
            publisher.send(*Device(door(2)).event("door", "open"))
            about = "SELECT count(*) FROM incidents WHERE matter = 'departure'"
            before = gateway.count(about)
            until(lambda: gateway.count(about) > before or gateway.texts(), "it is told")
