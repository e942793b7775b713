"""Asks the broker what it is and whom it lets in, without touching the gateway's own session."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gateway.config import Config, Mqtt, read_secret
from gateway.doctor.advice import Advice, bad, ok, warn
from gateway.mqtt import trusting
from gateway.settings import SettingsError

PATIENCE_S = 5.0


@dataclass(slots=True)
class Answer:
    """What a broker said to one attempt to connect."""

    is_in: bool = False
    reason: str = "no answer"
    properties: dict[str, Any] = field(default_factory=dict)
    version: str = ""


def examine(config: Config) -> Iterator[Advice]:
    """Connect as ourselves, then as nobody."""
    settings = config.mqtt
    where = f"{settings.host}:{settings.port}"
    try:
        password = _password(config)
    except SettingsError as error:
        yield bad("broker", str(error), "write the password alone into it")
        return
    answer = ask(settings, config, password, MQTTProtocolVersion.MQTTv5)
    if not answer.is_in and "version" in answer.reason.lower():
        answer = ask(settings, config, password, MQTTProtocolVersion.MQTTv311)
        if answer.is_in:
            yield warn("broker", f"{where} speaks MQTT 3.1.1 only", "take a broker with MQTT 5")
    if not answer.is_in:
        yield bad("broker", f"{where}: {answer.reason}", _remedy(answer.reason))
        return
    yield ok("broker", f"{where}: connected{', ' * bool(answer.version)}{answer.version}")
    yield from _limits(answer.properties)
    if settings.username:
        yield from _strangers(config)
    else:
        yield bad(
            "broker",
            "the gateway connects without a user name",
            "give each device and the gateway its own, and set mqtt.username",
        )
    if not settings.ca_file and settings.host not in {"127.0.0.1", "::1", "localhost"}:
        yield warn("broker", "no TLS: the password crosses the network", "set mqtt.ca_file")
    yield warn(
        "broker",
        "a client cannot see whether the broker keeps its queue on disk",
        "run `menshen doctor --mosquitto-conf FILE` on the broker's configuration",
    )


def _strangers(config: Config) -> Iterator[Advice]:
    """See whether the broker lets in somebody without a name."""
    nobody = ask(Mqtt(), config, None, MQTTProtocolVersion.MQTTv311)
    if nobody.is_in:
        yield bad(
            "broker",
            "lets anybody in without a name: anybody can report a closed door",
            "allow_anonymous false, and a password for each device",
        )


def _limits(said: dict[str, Any]) -> Iterator[Advice]:
    quality = said.get("MaximumQoS", 2)
    if quality < 1:
        yield bad("broker", "takes QoS 0 only: messages get lost", "allow QoS 1")
    expiry_s = said.get("SessionExpiryInterval")
    if expiry_s is not None and expiry_s < 24 * 3600:
        yield warn(
            "broker",
            f"forgets the gateway's session after {expiry_s} s",
            "allow a week: what comes during a repair is lost otherwise",
        )


def ask(
    settings: Mqtt, config: Config, password: str | None, protocol: MQTTProtocolVersion
) -> Answer:
    """Connect once under a client id of our own, ask for the broker's version, and leave.

    Host, port and certificate are the configuration's; user name and password are as given.
    """
    answer = Answer()
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        client_id=f"menshen-doctor-{secrets.token_hex(4)}",
        protocol=protocol,
    )
    client.on_connect = _on_connect(answer)
    client.on_message = lambda _client, _data, message: setattr(
        answer, "version", message.payload.decode("utf-8", "replace")[:60]
    )
    if settings.username:
        client.username_pw_set(settings.username, password)
    try:
        if config.mqtt.ca_file:
            client.tls_set_context(trusting(config.path(config.mqtt.ca_file)))
        client.connect_timeout = PATIENCE_S
        client.connect(config.mqtt.host, config.mqtt.port)
    except (OSError, ValueError) as error:
        answer.reason = str(error) or type(error).__name__
        return answer
    _listen(client, answer)
    client.disconnect()
    client.loop(timeout=0.1)
    return answer


def _listen(client: mqtt.Client, answer: Answer) -> None:
    """Run the client's loop until all is known, or patience ends."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and not answer.version:
        if client.loop(timeout=0.1) != mqtt.MQTT_ERR_SUCCESS:
            return
        if answer.is_in:
            until = min(until, time.monotonic() + 1.0)


def _on_connect(answer: Answer) -> Any:
    def connected(
        client: mqtt.Client,
        _data: Any,
        _flags: mqtt.ConnectFlags,
        code: ReasonCode,
        properties: Properties | None,
    ) -> None:
        answer.is_in = not code.is_failure
        answer.reason = str(code)
        if properties is not None:
            answer.properties = dict(vars(properties))
        if answer.is_in:
            client.subscribe("$SYS/broker/version")

    return connected


def _password(config: Config) -> str | None:
    written = config.mqtt.password_file
    return read_secret(config.path(written)) if written else None


def _remedy(reason: str) -> str:
    if "refused" in reason.lower() and "authori" not in reason.lower():
        return "start the broker (`systemctl status mosquitto`), or mend mqtt.host and mqtt.port"
    if "authori" in reason.lower() or "password" in reason.lower():
        return "mend mqtt.username and mqtt.password_file, or the broker's password file"
    return "see whether host, port and certificate are right and the network is there"
