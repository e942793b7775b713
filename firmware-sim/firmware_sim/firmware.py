"""What a native device's firmware remembers: boot, sequence, present states, unconfirmed events.

An event is kept until `received` names it or a later one of its boot; after a reconnect the kept
ones go out again, each saying by `age_s` how old it is. Kept events survive a reboot (they lie in
flash); the oldest go where there are more than the flash holds.
"""

import random
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from firmware_sim import payloads
from firmware_sim.payloads import Fields

FLASH_HOLDS = 200


@dataclass(frozen=True, slots=True)
class Kept:
    """An event that the gateway has not yet confirmed, and when it happened."""

    at_s: float
    fields: Fields


class Firmware:
    """The memory of one device; `listens` is False where it doesn't read `received`."""

    def __init__(
        self,
        rng: random.Random,
        states: Iterable[tuple[tuple[str, str], str]],
        *,
        listens: bool = True,
    ) -> None:
        self._rng = rng
        self._listens = listens
        self.states = dict(states)
        self.kept: deque[Kept] = deque(maxlen=FLASH_HOLDS)
        self.restart(0.0)

    def restart(self, now_s: float) -> None:
        """Begin a new boot: a new name, the sequence from 0, the states read anew."""
        self.boot = f"{self._rng.getrandbits(32):08x}"
        self.seq = 0
        self.started_at_s = now_s

    def observe(
        self, now_s: float, kind: str, state: str, part: str, **readings: float | str | None
    ) -> Fields:
        """Return a new event's fields; keep it, and its state where that lasts."""
        self.seq += 1
        fields = payloads.event_fields(
            seq=self.seq,
            boot=self.boot,
            kind=kind,
            state=state,
            part=part,
            **readings,  # type: ignore[arg-type]  # the caller's readings are the contract's
        )
        if (kind, state) not in payloads.MOMENTS:
            self.states[kind, part] = state
        if self._listens:
            self.kept.append(Kept(now_s, fields))
        return fields

    def confirm(self, boot: str, seq: int) -> None:
        """Forget what the gateway has on its disk: everything of this boot up to `seq`."""
        confirmed = [k for k in self.kept if k.fields["boot"] == boot and _seq(k) <= seq]
        for event in confirmed:
            self.kept.remove(event)

    def unconfirmed(self, now_s: float) -> list[Fields]:
        """Return the kept events, oldest first, each with its age."""
        return [{**k.fields, "age_s": round(max(0.0, now_s - k.at_s), 3)} for k in self.kept]


def _seq(kept: Kept) -> int:
    seq = kept.fields["seq"]
    assert isinstance(seq, int)
    return seq
