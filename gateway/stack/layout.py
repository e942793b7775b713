"""Where everything of one installation is, and the settings that follow from that. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

BELL = "bell"
"""A file in the broker's directory: whoever runs mosquitto has it read its files when it changes.
So the gateway needs no right to signal another user's program, in a container or out of it."""
WEB_PORT, DEVICES_PORT, GRAFANA_PORT = 8443, 8883, 3000
"""What a port leaves the machine for: browsers, devices, supervisors' browsers. All speak TLS."""
INSIDE_PORT = 8882
"""The broker's listener for the gateway between containers; TLS, and never published."""
INFLUX_TOKEN = "influx-token"  # noqa: S105  # a file's name
"""The gateway's own in `data_dir`, and Grafana's in its directory."""


class Kind(StrEnum):
    """How the programs are run."""

    PLAIN = "plain"  # services of this machine, which meet on loopback
    DOCKER = "docker"  # containers, which meet on a network of their own


@dataclass(frozen=True, slots=True)
class Layout:
    """One installation."""

    folder: Path  # configuration and data
    broker: Path  # what mosquitto reads; its group is mosquitto's
    grafana: Path  # what Grafana reads; its group is Grafana's
    names: tuple[str, ...]  # by which people and devices reach this machine, the best first
    kind: Kind
    gateway: str = "menshen"

    @property
    def config_file(self) -> Path:
        """The gateway's configuration."""
        return self.folder / "menshen.toml"

    @property
    def certified(self) -> tuple[str, ...]:
        """The names that certificates are made for."""
        return (*self.names, "mosquitto") if self.kind is Kind.DOCKER else self.names

    def settings(self) -> dict[str, str]:
        """Return what differs from the defaults, as `init.example_config` takes it."""
        host = self.names[0]
        chosen: dict[str, object] = {
            "gateway.name": self.gateway,
            "gateway.homes_file": "",  # an example street would be watched: the registry it is
            "mqtt.username": "gateway",
            "mqtt.password_file": "menshen-data/broker-password",
            "broker.directory": str(self.broker),
            "broker.reload": ["cp", "/proc/sys/kernel/random/uuid", str(self.broker / BELL)],
            "broker.address": f"{host}:{DEVICES_PORT}",
            "tls.others": [str(self.grafana)],
            "web.host": "0.0.0.0",  # noqa: S104  # with TLS and a login
            "web.port": WEB_PORT,
            "web.login": True,
            "web.tls": True,
            "influx.url": "http://127.0.0.1:8086",
            "influx.token_file": f"menshen-data/{INFLUX_TOKEN}",
        }
        if self.kind is Kind.DOCKER:
            chosen |= {
                "mqtt.host": "mosquitto",
                "mqtt.port": INSIDE_PORT,
                "mqtt.ca_file": "menshen-data/tls/ca.crt",
                "influx.url": "http://influxdb:8086",
            }
        # A JSON string, number, list or truth value is one of TOML too.
        return {key: json.dumps(value, ensure_ascii=False) for key, value in chosen.items()}
