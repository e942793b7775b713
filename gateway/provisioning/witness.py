"""Whether mosquitto has read its files as they are: an account of its own in each version of them.

A SIGHUP that comes while mosquitto reads its files is lost, and no signal says that it has read
them. So each version of the password file lets in a witness whose password is that version's
digest: whoever is let in with it knows that this version holds. The witness may do nothing else.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Mapping
from enum import Enum, auto

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from devices.provisioning import RESERVED
from gateway.config import Config
from gateway.mqtt import trusting
from gateway.provisioning.hashing import SALT_BYTES, hashed

USER = f"{RESERVED}witness"
PATIENCE_S = 5.0
"""For one answer: a broker that reads its files answers nobody, 0.2 s with 4,000 connected."""


class Answer(Enum):
    """What the broker said to the witness."""

    LOADED = auto()
    OTHER_VERSION = auto()
    NO_ANSWER = auto()


def password_of(files: Mapping[str, bytes]) -> str:
    """Return the witness's password for this version of the files, all but its own line."""
    summed = hashlib.sha256()
    for name in sorted(files):
        summed.update(f"{name} {len(files[name])}\n".encode() + files[name])
    return summed.hexdigest()


def line_of(password: str) -> str:
    """Return the witness's line in the password file: the same for the same version."""
    return f"{USER}:{hashed(password, hashlib.sha256(password.encode()).digest()[:SALT_BYTES])}\n"


def ask(config: Config, password: str) -> Answer:
    """Connect as the witness and leave; blocks. `SettingsError` for a wrong `mqtt.ca_file`."""
    codes: list[bool] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"{USER}-{secrets.token_hex(4)}")
    client.username_pw_set(USER, password)
    client.on_connect = lambda _c, _d, _f, code, _p: codes.append(not code.is_failure)
    if config.mqtt.ca_file:
        client.tls_set_context(trusting(config.path(config.mqtt.ca_file)))
    client.connect_timeout = PATIENCE_S
    until = time.monotonic() + PATIENCE_S
    try:
        client.connect(config.mqtt.host, config.mqtt.port)
        while not codes and time.monotonic() < until:
            if client.loop(timeout=0.1) != mqtt.MQTT_ERR_SUCCESS:
                break
        client.disconnect()
    except (OSError, ValueError):
        return Answer.NO_ANSWER
    if not codes:
        return Answer.NO_ANSWER
    return Answer.LOADED if codes[0] else Answer.OTHER_VERSION
