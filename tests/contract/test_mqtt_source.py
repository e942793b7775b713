"""The source against a real mosquitto with the shipped settings, and against paho as installed."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from selectors import DefaultSelector

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from gateway.broker import free_port, mosquitto_settings
from gateway.mqtt import Broker, MqttSource
from gateway.wire import Arrival
from tests.fakes.programs import need

pytestmark = pytest.mark.mosquitto
WITHIN_S = 10.0


class Mosquitto:
    """A broker of this test's own, which can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._settings = folder / "mosquitto.conf"
        self._settings.write_text(mosquitto_settings(folder, self.port))
        self._process: subprocess.Popen[bytes] | None = None
        self._program = need("mosquitto")

    def start(self) -> None:
        self._process = subprocess.Popen(
            [self._program, "-c", str(self._settings)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + WITHIN_S
        with socket.socket() as probe:
            while probe.connect_ex(("127.0.0.1", self.port)):
                assert time.monotonic() < until
                time.sleep(0.01)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def publish(self, *payloads: str, topic: str = "t/1", retain: bool = False) -> None:
        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        for payload in payloads:
            client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(WITHIN_S)
        client.disconnect()
        client.loop_stop()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path)
    broker.start()
    yield broker
    broker.kill()


class Driven:
    """A source, and the loop that the writer thread would be."""

    def __init__(self, port: int, client_id: str = "menshen-test") -> None:
        self.source = MqttSource(Broker("127.0.0.1", port, client_id), ["t/+"])
        self.taken: list[Arrival] = []
        self._selector = DefaultSelector()
        self.source.start(self._selector)

    def until(self, is_done: Callable[[], bool]) -> None:
        """Take what arrives until it is."""
        until = time.monotonic() + WITHIN_S
        while not is_done():
            assert time.monotonic() < until, (self.taken, self.source.counts)
            self.taken += self.source.take()
            self._selector.select(min(0.05, self.source.wait_s()))

    def connect(self) -> Driven:
        """Connect and wait until the subscription stands."""
        self.until(lambda: self.source.is_connected)
        settled = time.monotonic() + 0.1
        self.until(lambda: time.monotonic() > settled)
        return self

    def confirm_all(self) -> None:
        self.source.confirm([each.mid for each in self.taken], self.source.epoch)

    def hang_up(self) -> None:
        """Lose the connection without a word, as a killed process does."""
        self.source._drop()

    def close(self) -> None:
        self.source.stop()
        self._selector.close()


@pytest.fixture
def driven(mosquitto: Mosquitto) -> Iterator[Driven]:
    driven = Driven(mosquitto.port).connect()
    yield driven
    driven.close()


def test_what_is_not_confirmed_comes_again_and_what_is_confirmed_does_not(
    mosquitto: Mosquitto, driven: Driven
) -> None:
    mosquitto.publish("a", "b", "c")
    driven.until(lambda: len(driven.taken) == 3)
    driven.source.confirm([driven.taken[0].mid], driven.source.epoch)
    driven.hang_up()
    driven.taken.clear()
    driven.until(lambda: len(driven.taken) == 2)
    assert [each.payload for each in driven.taken] == [b"b", b"c"]
    assert driven.source.counts["mqtt_sessions_lost"] == 0
    assert driven.source.counts["mqtt_redelivered"] == 2


def test_messages_sent_while_we_are_away_wait_for_us(mosquitto: Mosquitto, driven: Driven) -> None:
    driven.close()
    mosquitto.publish(*(str(each) for each in range(50)))
    again = Driven(mosquitto.port)
    again.until(lambda: len(again.taken) == 50)
    again.confirm_all()
    again.close()


def test_more_than_mosquittos_default_window_arrives_unconfirmed(
    mosquitto: Mosquitto, driven: Driven
) -> None:
    mosquitto.publish(*(str(each) for each in range(200)))
    driven.until(lambda: len(driven.taken) == 200)


def test_a_lost_session_is_noticed_and_subscribed_anew(
    mosquitto: Mosquitto, driven: Driven
) -> None:
    mosquitto.kill()
    driven.until(lambda: not driven.source.is_connected)
    mosquitto.start()  # what it knew of us was not on its disk yet
    driven.connect()
    assert driven.source.counts["mqtt_sessions_lost"] == 1
    assert driven.source.counts["mqtt_connections_lost"] == 1
    mosquitto.publish("after")
    driven.until(lambda: len(driven.taken) == 1)


def test_a_retained_copy_says_so(mosquitto: Mosquitto) -> None:
    mosquitto.publish("old", retain=True)
    driven = Driven(mosquitto.port, "another").connect()
    driven.until(lambda: len(driven.taken) == 1)
    assert driven.taken[0].retained
    driven.close()


def test_a_confirmation_of_a_former_connection_is_not_sent(
    mosquitto: Mosquitto, driven: Driven
) -> None:
    mosquitto.publish("a")
    driven.until(lambda: len(driven.taken) == 1)
    mid, epoch = driven.taken[0].mid, driven.source.epoch
    driven.hang_up()
    driven.taken.clear()
    driven.until(lambda: len(driven.taken) == 1)
    driven.source.confirm([mid], epoch)
    driven.hang_up()
    driven.taken.clear()
    driven.until(lambda: len(driven.taken) == 1)


def test_what_we_publish_arrives(mosquitto: Mosquitto, driven: Driven) -> None:
    listener = Driven(mosquitto.port, "listener").connect()
    driven.source.publish([("t/9", b"one"), ("t/9", b"two")])
    listener.until(lambda: len(listener.taken) == 2)
    assert [each.payload for each in listener.taken] == [b"one", b"two"]
    listener.close()


def test_a_broker_that_is_not_there_is_tried_again(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    driven = Driven(broker.port)
    tries: list[object] = []
    driven.until(lambda: tries.append(0) or len(tries) > 20)  # type: ignore[func-returns-value]
    assert not driven.source.is_connected
    broker.start()
    driven.connect()
    driven.close()
    broker.kill()


def test_a_broker_without_mqtt_5_is_spoken_to_in_3_1_1(tmp_path: Path) -> None:
    need("mosquitto")
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.settimeout(WITHIN_S)
        driven = Driven(listening.getsockname()[1])
        versions = []
        tries: list[object] = []
        for _ in range(2):
            driven.until(lambda: tries.append(0) or len(tries) % 5 == 0)  # type: ignore[func-returns-value]
            peer, _ = listening.accept()
            while not (data := peer.recv(200) if driven.source._connecting is None else b""):
                driven.source.take()
            versions.append(data[data.index(b"MQTT") + 4])
            peer.close()
            driven.until(lambda: driven.source._wire is None)
        assert versions == [5, 4]
        driven.close()


def test_paho_uses_the_socket_that_its_context_makes(driven: Driven) -> None:
    """The one place where paho lets its socket be replaced; `gateway.wire` depends on it."""
    assert driven.source._client is not None
    assert driven.source._client.socket() is driven.source._wire
