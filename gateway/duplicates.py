"""Which numbered events are in the journal, recognised without asking the disk.

A unique index would say so in SQL, at a random page written for each row. One small sequence for
each device says it from memory; it is rebuilt at start from the saved states of devices and the
journal after them.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from devices.model import Decoded, Kind, Observation, Origin
from devices.sequence import Place, Sequence
from gateway import journal, memories
from gateway.memories import Decode

MAX_DEVICES = 200_000
"""Beyond it the device that was first heard longest ago is forgotten: hostile topics may invent ids
without end, and a forgotten device's second copy is only journalled twice, as *late*."""

RECENT_RECORDS = 5000
"""Read at every start: ten times what the broker may send again. Strangers have no saved state."""

_EVENT, _HEARTBEAT, _SEEN = Origin.EVENT, Kind.HEARTBEAT, Place.SEEN


class Duplicates:
    """The event numbers of every device, as far as the journal has them."""

    def __init__(self) -> None:
        self._sequences: dict[str, Sequence] = {}
        self._heard: dict[str, str] = {}  # boot by device, since `newly_complete` was last asked

    def is_new(self, observation: Observation) -> bool:
        """Note a numbered observation; say whether its event was not here before."""
        if observation.origin is not _EVENT or observation.kind is _HEARTBEAT:
            return True
        device, boot, seq = observation.device, observation.boot, observation.seq
        if boot is None or seq is None:
            return True
        sequence = self._sequences.get(device)
        if sequence is None:
            sequence = self._begin(device)
        self._heard[device] = boot
        return sequence.event(boot, seq).place is not _SEEN

    def newly_complete(self) -> Iterator[tuple[str, str, int]]:
        """Yield device, boot and highest number up to which all is here, of those just heard."""
        heard, self._heard = self._heard, {}
        for device, boot in heard.items():
            complete = self._sequences[device].complete_to(boot)
            if complete is not None:
                yield device, boot, complete

    def restore(self, connection: Connection, decode: Decode) -> None:
        """Rebuild from the saved states of devices and the journal after them."""
        saved = memories.load(connection)
        for device, one in saved.items():
            if one.memory.sequence is not None:
                self._sequences[device] = Sequence.from_row(*one.memory.sequence.to_row())  # type: ignore[arg-type]
        until = journal.last_seq(connection)
        after = max(0, min(memories.folded_to(connection), until - RECENT_RECORDS))
        for record in journal.read_all(connection, after, until):
            if record.reason is not None:
                continue
            decoded = decode(record.topic, record.payload, record.retained)
            if type(decoded) is Decoded and decoded.observations:
                self.is_new(decoded.observations[0])
        self._heard.clear()

    def _begin(self, device: str) -> Sequence:
        if len(self._sequences) >= MAX_DEVICES:
            forgotten = next(iter(self._sequences))
            del self._sequences[forgotten]
            self._heard.pop(forgotten, None)
        sequence = self._sequences[device] = Sequence()
        return sequence
