"""A gateway's accounts without the rest of the gateway, and clients that use them on a mosquitto.

`Access` is the provisioning of `gateway.provisioning` on a real database and a real writer thread;
`Client` is one connection, in either version of MQTT, and what it hears.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from gateway.config import Config, load
from gateway.db import Database
from gateway.privacy import GATEWAY, KeyStore
from gateway.provisioning.service import Provisioning, open_accounts
from gateway.writer import Writer
from tests.fakes.fault_wait import until

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
GATEWAY_PASSWORD = "the-gateway's-own"
WITHIN_S = 5.0


@dataclass
class StoppedClock:
    """A clock that a test moves."""

    at: datetime = NOW
    is_right: bool = True

    def now(self) -> datetime:
        return self.at

    def is_trusted(self) -> bool:
        return self.is_right

    def passes(self, **time: float) -> None:
        self.at += timedelta(**time)


@dataclass
class Access:
    """The accounts of one gateway, whose broker's files lie in `home/broker`."""

    home: Path
    reload: tuple[str, ...] = ()
    clock: StoppedClock = field(default_factory=StoppedClock)

    def __post_init__(self) -> None:
        self.directory = self.home / "broker"
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o750)
        (self.home / "password").write_text(GATEWAY_PASSWORD, encoding="utf-8")
        reload = "[" + ", ".join(f"'{word}'" for word in self.reload) + "]"
        (self.home / "menshen.toml").write_text(
            '[mqtt]\nport = 1\nusername = "gateway"\npassword_file = "password"\n'
            f'[broker]\ndirectory = "broker"\nreload = {reload}\n',
            encoding="utf-8",
        )
        self.config: Config = load(self.home / "menshen.toml")
        self.database = Database(self.config.database_file)
        self.database.migrate()
        self.writer = Writer(self.database)
        keys = KeyStore(self.home / "keys.json", {GATEWAY: bytes(32)})
        self.service = Provisioning(
            self.config,
            self.clock,  # type: ignore[arg-type]
            self.database,
            self.writer,
            keys,
        )

    async def __aenter__(self) -> Provisioning:
        await open_accounts(self.config, self.database, self.clock.now())
        self.writer.start().result(WITHIN_S)
        return self.service

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()
        self.database.close()

    def tell(self, pid_file: Path, port: int) -> None:
        """From now on a mosquitto is told by its process id."""
        told = replace_table(self.config, "broker", pid_file=str(pid_file))
        self.config = self.service.config = replace_table(told, "mqtt", port=port)


def replace_table(config: Config, table: str, **changed: Any) -> Config:
    """Return a configuration with some settings of one table changed."""
    inner = msgspec.structs.replace(getattr(config, table), **changed)
    return msgspec.structs.replace(config, **{table: inner})


class Client:
    """One connection under one user name. It never comes back by itself."""

    def __init__(
        self,
        port: int,
        user: str,
        password: str | None = None,
        *,
        version: int = 4,
        client_id: str = "",
        will: str | None = None,
        tls: ssl.SSLContext | None = None,
        is_kept: bool = False,
    ) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.answer = ""
        self.is_connected = False
        self.is_hung_up = False
        self._settled = 0
        is_v5 = version == 5
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id or f"test-{user}-{id(self):x}",
            protocol=MQTTProtocolVersion.MQTTv5 if is_v5 else MQTTProtocolVersion.MQTTv311,
            clean_session=None if is_v5 else not is_kept,
            reconnect_on_failure=False,
        )
        self.client.username_pw_set(user, password)
        if tls is not None:
            self.client.tls_set_context(tls)
        if will is not None:
            self.client.will_set(will, b"offline", qos=1, retain=True)
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = lambda *_: self._on_disconnect()
        self.client.on_message = lambda _c, _d, each: self.heard.append((each.topic, each.payload))
        self.client.on_subscribe = lambda *_: self._count()
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        until(lambda: self.answer or self.is_hung_up, f"an answer to {user}", WITHIN_S)

    @property
    def topics(self) -> list[str]:
        return [topic for topic, _ in self.heard]

    def listen(self, *filters: str) -> Client:
        for each in filters:
            before = self._settled
            self.client.subscribe(each, qos=1)
            until(lambda before=before: self._settled > before, f"subscribed to {each}", WITHIN_S)
        return self

    def say(self, topic: str, payload: bytes = b"{}", *, retain: bool = False) -> None:
        self.client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(WITHIN_S)

    def die(self) -> None:
        """Go without a word, so that the broker says the will."""
        sock = self.client.socket()
        assert sock is not None
        self.client.loop_stop()
        sock.close()

    def leave(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, code: Any, _more: Any) -> None:
        self.is_connected = not code.is_failure
        self.answer = str(code)

    def _on_disconnect(self) -> None:
        self.is_connected, self.is_hung_up = False, True

    def _count(self) -> None:
        self._settled += 1
