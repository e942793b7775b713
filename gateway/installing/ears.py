"""What devices said lately, read from the journal: the pages tick by what is on the disk."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from alerts.tables import from_micros
from devices.model import Decoded
from gateway import journal
from gateway.installing.facts import Facts
from gateway.installing.store import Installing
from gateway.memories import Decode
from gateway.schema.tables import journal as records

SLICE: Final = 100_000
"""Records looked at for one device at a time: 20 to 60 ms, and a minute of a full gateway."""
REMEMBERED: Final = 200
"""Installings whose facts are kept in memory; others are read again."""
LATELY: Final = 20_000
"""Records in which the last word of a device is looked for on a list."""


class LastWord(NamedTuple):
    """What a device said last of its battery and signal; None: nothing lately."""

    battery_pct: float | None
    rssi_dbm: int | None
    link_quality: int | None


class Ears:
    """Safe to use from any thread."""

    def __init__(
        self, read: Callable[[], AbstractContextManager[Connection]], decode: Decode
    ) -> None:
        self._read = read
        self._decode = decode
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[int, Facts]] = OrderedDict()

    def facts(self, installing: Installing) -> Facts:
        """Return what counts of what the device said since its installing began."""
        with self._lock:
            start = (installing.begun_seq, Facts(installing.begun_at))
            seq, facts = self._known.pop(installing.id, start)
            with self._read() as connection:
                upto = min(journal.last_seq(connection), seq + SLICE)
                self._fold(connection, facts, installing.device, seq, upto)
            self._known[installing.id] = (upto, facts)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
            return facts.copied()

    def last_words(self, devices: Collection[str]) -> dict[str, LastWord]:
        """Return what these devices said last, as far as the newest records tell."""
        found: dict[str, LastWord] = {}
        with self._read() as connection:
            newest = journal.last_seq(connection)
            query = select(records).where(
                records.c.seq > newest - LATELY,
                records.c.device.in_(devices),
                records.c.retained.is_(False),
                records.c.reason.is_(None),
            )
            for row in connection.execute(query.order_by(records.c.seq)):
                decoded = self._decode(row.topic, row.payload, row.retained)
                if isinstance(decoded, Decoded):
                    before = found.get(row.device, LastWord(None, None, None))
                    found[row.device] = _later(before, decoded)
        return found

    def _fold(
        self, connection: Connection, facts: Facts, device: str, after: int, upto: int
    ) -> None:
        query = select(records).where(
            records.c.seq > after,
            records.c.seq <= upto,
            records.c.device == device,
            records.c.reason.is_(None),
        )
        for row in connection.execute(query.order_by(records.c.seq)):
            decoded = self._decode(row.topic, row.payload, row.retained)
            if isinstance(decoded, Decoded):
                for observation in decoded.observations:
                    if observation.device == device:
                        facts.take(observation, from_micros(row.received_at))


def _later(word: LastWord, decoded: Decoded) -> LastWord:
    for each in decoded.observations:
        word = LastWord(
            word.battery_pct if each.battery_pct is None else each.battery_pct,
            word.rssi_dbm if each.rssi_dbm is None else each.rssi_dbm,
            word.link_quality if each.link_quality is None else each.link_quality,
        )
    return word
