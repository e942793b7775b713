"""The broker, as a source of messages that are confirmed when we say so.

paho keeps the connection; the stream of messages goes past it (`gateway.wire`). One persistent
session under one fixed client id: what is not confirmed comes again. Connecting, which can wait
long for a name or a route, has a thread of its own; everything else runs on the writer thread.
"""

from __future__ import annotations

import logging
import random
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from selectors import EVENT_READ, EVENT_WRITE, BaseSelector
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gateway.settings import SettingsError
from gateway.wire import Arrival, Wire, WireContext, WireError

RECEIVE_MAXIMUM = 500
"""Messages the broker sends ahead of our confirmations; bounds a batch as well."""
SESSION_EXPIRY_S = 14 * 86400
"""How long the broker keeps what waits for us (at least 7 days)."""
MAXIMUM_PACKET_BYTES = 1024 * 1024
"""Asked of a broker that speaks MQTT 5: 60 times what any device may send."""
BACKOFF_MAX_S = 15.0
CONNECT_WITHIN_S = 10.0
"""From the first byte to the broker's answer."""

_OUT_OF_DATE, _OTHER_HOST = (9, 10), (62, 64)
"""What OpenSSL calls certificates not valid yet or no more, and those for another host."""

_V5, _V311 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is, and how it lets us in."""

    host: str
    port: int
    client_id: str  # fixed: under it the broker keeps our session
    username: str = ""
    password: str = ""
    tls: ssl.SSLContext | None = None
    keepalive_s: int = 30
    speaks_mqtt5: bool = True
    """False where it is known not to: some that do not give no answer at all, for 10 s."""


def trusting(ca_file: Path, setting: str = "mqtt.ca_file") -> ssl.SSLContext:
    """Return TLS that trusts this authority and no other. Raises `SettingsError`."""
    try:
        return ssl.create_default_context(cafile=str(ca_file))
    except ssl.SSLError:
        wrong = "holds no certificate; write the authority's into it, as PEM"
    except OSError as error:
        wrong = f"cannot be read: {error.strerror}"
    raise SettingsError(f"{setting}: {ca_file}: {wrong}")


class MqttSource:
    """Messages of all subscriptions, QoS 1, confirmed by the caller."""

    def __init__(
        self,
        broker: Broker,
        subscriptions: Sequence[str],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._broker = broker
        self._subscriptions = tuple(subscriptions)
        self._monotonic = monotonic
        self._selector: BaseSelector | None = None
        self._client: paho.Client | None = None
        self._wire: Wire | None = None
        self._connecting: threading.Thread | None = None
        self._protocol = _V5 if broker.speaks_mqtt5 else _V311
        self._has_ever_connected = False
        self._said = ""  # why there was no connection, when it was last tried
        self._failures = 0
        self._next_try = 0.0
        self._answer_by = 0.0
        self._next_upkeep = 0.0
        self.is_connected = False
        self.epoch = 0
        """Grows with each connection; packet ids mean something within one only."""
        self.counts = {
            "mqtt_connects": 0,
            "mqtt_connections_lost": 0,
            "mqtt_sessions_lost": 0,
            "mqtt_subscriptions_refused": 0,
            "mqtt_redelivered": 0,
        }

    # ---- for intake, on the writer thread ----

    def start(self, selector: BaseSelector) -> None:
        """Begin connecting; wake `selector` when messages come."""
        self._selector = selector

    def stop(self) -> None:
        """Disconnect; the session stays with the broker."""
        if self._connecting is not None:
            self._connecting.join(CONNECT_WITHIN_S)
        if self._client is not None:
            self._client.disconnect()
            if self._wire is not None:
                self._wire.flush()
        self._drop()

    def take(self) -> list[Arrival]:
        """Return what has arrived, without waiting, and keep the connection up."""
        wire = self._wire
        if wire is None:
            self._reconnect()
            return []
        try:
            arrivals = wire.take()
        except WireError as error:
            logger.warning("connection to the broker dropped: %s", error)
            self._lose()
            return []
        if wire.redelivered:
            self.counts["mqtt_redelivered"] += wire.redelivered
        if wire.has_unsent:
            wire.flush()
        if wire.has_for_paho or self._monotonic() >= self._next_upkeep:
            self._upkeep(wire)
        return arrivals

    def confirm(self, mids: Iterable[int], epoch: int) -> None:
        """Send PUBACKs, unless the connection they belong to is gone."""
        if epoch == self.epoch and self._wire is not None:
            self._wire.confirm(mids)
            self._watch()

    def publish(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Send messages with QoS 0, if there is a connection."""
        if self._wire is not None and self.is_connected:
            self._wire.publish(messages)
            self._watch()

    def wait_s(self) -> float:
        """Return the seconds until `take` should be called even if nothing arrives."""
        if self._connecting is not None:
            return 0.02
        due = self._next_upkeep if self._wire is not None else self._next_try
        return max(0.0, due - self._monotonic())

    # ---- connecting ----

    def _reconnect(self) -> None:
        if self._connecting is not None:
            if not self._connecting.is_alive():
                self._connecting = None
                self._adopt()
        elif self._monotonic() >= self._next_try:
            self._client, self._context = self._new_client()
            self._connecting = threading.Thread(
                target=self._connect, args=(self._client,), name="mqtt-connect", daemon=True
            )
            self._connecting.start()

    def _new_client(self) -> tuple[paho.Client, WireContext]:
        broker, is_v5 = self._broker, self._protocol == _V5
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=broker.client_id,
            clean_session=None if is_v5 else False,
            protocol=self._protocol,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        context = WireContext(broker.tls, has_properties=is_v5)
        client.tls_set_context(context.as_tls())
        if broker.username:
            client.username_pw_set(broker.username, broker.password)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_subscribe = self._subscribed
        return client, context

    def _connect(self, client: paho.Client) -> None:
        """Open the connection and send CONNECT; on its own thread."""
        broker = self._broker
        try:
            if self._protocol == _V5:
                asked = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
                asked.SessionExpiryInterval = SESSION_EXPIRY_S
                asked.ReceiveMaximum = RECEIVE_MAXIMUM
                asked.MaximumPacketSize = MAXIMUM_PACKET_BYTES
                client.connect(
                    broker.host,
                    broker.port,
                    broker.keepalive_s,
                    clean_start=False,
                    properties=asked,
                )
            else:
                client.connect(broker.host, broker.port, broker.keepalive_s)
        except (OSError, ValueError) as error:
            self._refused(error)

    def _refused(self, error: OSError | ValueError) -> None:
        """Say why there is no connection: aloud where time alone will not mend it, and once."""
        broker = self._broker
        remedy = _remedy(error) if broker.tls is not None else ""
        said = f"broker {broker.host}:{broker.port}: {error}{remedy and f'; {remedy}'}"
        logger.log(logging.ERROR if remedy and said != self._said else logging.INFO, "%s", said)
        self._said = said
        if self._context.wire is not None:
            self._context.wire.close()  # a handshake that failed leaves its socket open

    def _adopt(self) -> None:
        """Take over the connection that the thread opened, or note that it failed."""
        wire = self._context.wire
        if wire is None or wire.fileno() < 0:
            self._lose()
            return
        self._wire = wire
        self.epoch += 1
        self._answer_by = self._monotonic() + CONNECT_WITHIN_S
        self._next_upkeep = 0.0
        if self._selector is not None:
            self._selector.register(wire, EVENT_READ)
        self._watch()

    # ---- keeping ----

    def _upkeep(self, wire: Wire) -> None:
        """Let paho read its packets, and see to pings and time limits."""
        client = self._client
        assert client is not None
        while wire is self._wire and wire.has_for_paho:
            if client.loop_read() != paho.MQTT_ERR_SUCCESS:
                break
        if wire is self._wire:
            client.loop_misc()
        if wire is self._wire and client.want_write():  # what its callbacks asked for
            client.loop_write()
        now = self._monotonic()
        if wire is self._wire and not self.is_connected and now >= self._answer_by:
            logger.warning("the broker did not answer within %d s", CONNECT_WITHIN_S)
            self._lose()
        self._next_upkeep = now + 1.0
        self._watch()

    def _watch(self) -> None:
        """Wake for writing only while something waits to be written."""
        wire, selector = self._wire, self._selector
        if wire is None or selector is None or wire.fileno() < 0:
            return
        wanted = EVENT_READ | EVENT_WRITE if wire.has_unsent else EVENT_READ
        if selector.get_key(wire).events != wanted:
            selector.modify(wire, wanted)

    def _lose(self) -> None:
        """The connection is gone, or never came: try again, later each time."""
        if self.is_connected:
            self.counts["mqtt_connections_lost"] += 1
        elif not self._has_ever_connected:
            # A broker without MQTT 5 may just hang up: it is asked in turns until one way worked.
            self._protocol = _V311 if self._protocol == _V5 else _V5
        self._drop()
        self._failures += 1
        pause_s = min(BACKOFF_MAX_S, 0.1 * 2**self._failures)
        self._next_try = self._monotonic() + pause_s * random.uniform(0.5, 1.0)  # noqa: S311

    def _drop(self) -> None:
        wire, self._wire, self._client = self._wire, None, None
        self.is_connected = False
        if wire is not None:
            if self._selector is not None and wire in self._selector.get_map():
                self._selector.unregister(wire)
            wire.close()

    # ---- paho says ----

    def _connected(
        self, client: paho.Client, _data: Any, flags: paho.ConnectFlags, reason: ReasonCode, _p: Any
    ) -> None:
        if reason.is_failure:
            logger.error("the broker refuses us: %s", reason)
            return
        self.is_connected = True
        self._failures = 0
        self.counts["mqtt_connects"] += 1
        if flags.session_present and self._has_ever_connected:
            return
        if self._has_ever_connected:
            logger.error("the broker has lost our session: messages in between are missing")
            self.counts["mqtt_sessions_lost"] += 1
        self._has_ever_connected = True
        # Also at the first connection of a run: the subscriptions may have changed since.
        client.subscribe([(each, 1) for each in self._subscriptions])

    def _disconnected(self, client: paho.Client, *_rest: Any) -> None:
        if client is self._client and self._wire is not None:
            self._lose()

    def _subscribed(
        self, _client: paho.Client, _data: Any, _mid: int, reasons: list[ReasonCode], _p: Any
    ) -> None:
        for name, reason in zip(self._subscriptions, reasons, strict=False):
            if reason.is_failure:
                self.counts["mqtt_subscriptions_refused"] += 1
                logger.error("the broker refuses the subscription %s: %s", name, reason)


def _remedy(error: OSError | ValueError) -> str:
    """Say what to do about TLS that fails for more than the moment; "" for other errors."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _OTHER_HOST:
            return "set mqtt.host to a name or address that stands in the broker's certificate"
        if error.verify_code in _OUT_OF_DATE:
            return "renew the broker's certificate, and look whether this machine's clock is right"
        return "set mqtt.ca_file to the authority that signed the broker's certificate"
    if isinstance(error, ssl.SSLError | ConnectionResetError):  # a plain listener just hangs up
        return "is it the broker's TLS listener? set mqtt.port to that one, usually 8883"
    return ""
