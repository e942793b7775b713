"""One message on its way out of a device, before it is bytes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


def encode(body: object) -> bytes:
    """Return the body as compact UTF-8 JSON."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message: its body is what JSON makes of it, or the text itself."""

    topic: str
    body: Mapping[str, object] | Sequence[Mapping[str, object]] | str
    qos: int = 1
    retain: bool = False

    @property
    def payload(self) -> bytes:
        """The bytes on the wire."""
        return self.body.encode() if isinstance(self.body, str) else encode(self.body)
