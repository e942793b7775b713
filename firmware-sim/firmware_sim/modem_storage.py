"""Where a modem keeps messages: a store with a fixed number of slots, on SIM or in memory."""

from dataclasses import dataclass, field
from enum import IntEnum


class Status(IntEnum):
    """<stat> of a stored message, in PDU mode."""

    UNREAD = 0
    READ = 1


@dataclass
class Stored:
    """A message in its slot; `stored_at_s` is the agenda's time."""

    pdu: bytes
    stored_at_s: float
    status: Status = Status.UNREAD


@dataclass
class Store:
    """Numbered slots, the lowest free one filled first."""

    capacity: int
    first_index: int
    slots: dict[int, Stored] = field(default_factory=dict)

    @property
    def indices(self) -> range:
        """Every index the store has, used or not."""
        return range(self.first_index, self.first_index + self.capacity)

    def has_room(self) -> bool:
        """Whether one more message fits."""
        return len(self.slots) < self.capacity

    def put(self, pdu: bytes, now_s: float) -> int | None:
        """Keep a message; its index, or None where the store is full."""
        free = next((index for index in self.indices if index not in self.slots), None)
        if free is not None:
            self.slots[free] = Stored(pdu, now_s)
        return free

    def used(self, now_s: float, lag_s: float = 0.0) -> int:
        """How many messages the store admits to; newer ones than `lag_s` are not counted yet."""
        return sum(stored.stored_at_s <= now_s - lag_s for stored in self.slots.values())
