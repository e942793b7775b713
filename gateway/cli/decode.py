"""`menshen decode`: what one payload, or a stream of them, says; nothing is stored or sent.

One message gives one JSON object. In a stream the states of a device are kept between lines, so
that a repeated state is told from a new event; a bad line gives an object with `error`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO, TextIO

import msgspec

from devices.decode import decode
from devices.model import Decoded, News, Observation, Origin, Scope, Undecodable
from devices.news import DeviceMemory, bridge_restarted, judge, tells_bridge_restart
from devices.profile import DeviceSettings, Profile
from devices.registry import standard

_SHOWN = (
    *("battery_pct", "battery_v", "link_quality", "rssi_dbm", "clock", "age_s", "boot", "seq"),
    *("interval_s", "persons", "confidence", "note"),
)
_KNOWN_SETTINGS = frozenset(DeviceSettings.__struct_fields__)


class Line(msgspec.Struct):
    """One line of a stream. A payload that is no string stands for its JSON text."""

    topic: str
    payload: Any
    retain: bool = False
    config: dict[str, Any] = {}
    payload_encoding: str = "utf-8"

    def wire_bytes(self) -> bytes:
        """The payload as it was on the wire; ValueError where the line does not say it."""
        if self.payload_encoding == "base64":
            if not isinstance(self.payload, str):
                raise ValueError("payload: base64 must be a string")
            return base64.b64decode(self.payload, validate=True)
        if self.payload_encoding not in {"utf-8", "utf8"}:
            raise ValueError(f"payload_encoding {self.payload_encoding!r}: utf-8 or base64")
        text = self.payload if isinstance(self.payload, str) else json.dumps(self.payload)
        return text.encode()


def decode_one(
    topic: str, payload: bytes, retained: bool = False, settings: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """One message as the object `menshen decode` prints; ValueError for settings of wrong type."""
    return _Stream().read(topic, payload, retained, settings or {})


def decode_lines(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """One object for each line that is not blank, in order."""
    stream = _Stream()
    decoder = msgspec.json.Decoder(Line)
    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        try:
            line = decoder.decode(raw)
            answer = stream.read(line.topic, line.wire_bytes(), line.retain, line.config)
        except (ValueError, RecursionError) as error:
            answer = {"error": f"line {number}: {error}"}
        yield answer


def main(topic: str | None, retained: bool, jsonl: bool, stdin: BinaryIO, stdout: TextIO) -> int:
    """Decode standard input to standard output; the exit status: 2 where no topic is given."""
    if jsonl:
        for answer in decode_lines(stdin):
            stdout.write(_json(answer))
            stdout.flush()
        return 0
    if topic is None:
        stdout.write(_json({"error": "--topic is needed, or --jsonl with a topic on each line"}))
        return 2
    stdout.write(_json(decode_one(topic, stdin.read(), retained)))
    return 0


class _Stream:
    """The devices seen so far, by the id their observations carry."""

    def __init__(self) -> None:
        self._settings: dict[str, DeviceSettings] = {}
        self._registry = standard(self._settings)
        self._memories: dict[str, DeviceMemory] = {}
        self._behind: dict[Profile, set[str]] = {}  # a bridge is a profile with its base
        self._restarted: set[Profile] = set()

    def read(
        self, topic: str, payload: bytes, retained: bool, config: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Decode one message and judge it by those before; `config` holds for this one."""
        profile = self._registry.find(topic)
        self._settings.clear()
        if profile is not None and config:
            # An attribute's topic ends below its device: its settings are found under either.
            device = profile.device_of(topic)
            known = {name: config[name] for name in config if name in _KNOWN_SETTINGS}
            settings = msgspec.convert(known, DeviceSettings)
            self._settings[device] = self._settings[device.rpartition("/")[0]] = settings
        result = decode(topic, payload, retained, self._registry)
        answer: dict[str, Any] = {"profile": result.profile, "observations": []}
        if isinstance(result, Undecodable):
            return answer | {"device": result.device, "undecodable": result.reason}
        assert profile is not None  # what nobody claims is undecodable
        answer["observations"] = self._judged(profile, result)
        return answer

    def _judged(self, profile: Profile, decoded: Decoded) -> list[dict[str, Any]]:
        shown = []
        for observation in decoded.observations:
            memory = self._memories.setdefault(observation.device, DeviceMemory())
            was_known = memory.state(observation.kind, observation.part) is not None
            news = judge(memory, observation).news
            # The first word of a device is taken for an event, unless its bridge is just back.
            is_first = (
                news is News.FOUND
                and observation.origin is Origin.EVENT
                and not was_known
                and profile not in self._restarted
            )
            shown.append(_shown(observation, news, news is News.NEW or is_first))
            if tells_bridge_restart(observation, news):
                if observation.origin is Origin.EVENT:
                    self._restarted.add(profile)
                for device in self._behind.get(profile, ()):
                    bridge_restarted(self._memories[device])
            elif observation.scope is Scope.DEVICE:
                self._behind.setdefault(profile, set()).add(observation.device)
        return shown


def _shown(observation: Observation, news: News, new_event: bool) -> dict[str, Any]:
    """An observation as JSON; what it does not say is left out."""
    shown: dict[str, Any] = {
        "device": observation.device,
        "kind": observation.kind.value,
        "state": observation.state,
        "new_event": new_event,
        "news": news.value,
        "origin": observation.origin.value,
    }
    if observation.part != "main":
        shown["part"] = observation.part
    if observation.scope is not Scope.DEVICE:
        shown["scope"] = observation.scope.value
    if observation.observed_at is not None:
        shown["observed_at"] = _iso(observation.observed_at)
    for name in _SHOWN:
        value = getattr(observation, name)
        if value is not None:
            shown[name] = value
    return shown


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _json(answer: dict[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False) + "\n"
