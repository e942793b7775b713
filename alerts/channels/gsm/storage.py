"""Empties the modem's message store, whatever way of reading the modem understands.

Slots are counted from 0 or from 1, listings come with and without a name field, an empty slot
answers OK, an error or nothing: all of that is one "nothing there".
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from alerts.channels.gsm import framing
from alerts.channels.gsm.at import Answer, Dialogue
from alerts.channels.gsm.inbox import Inbox, Slot

log = logging.getLogger(__name__)

FULL_AT = 0.8
_LIST_S = 30.0
_MOST_SLOTS = 255
_LISTED = re.compile(r"\+CMGL:\s*(\d{1,4})\s*,")
_USAGE = re.compile(r'"?\w+"?\s*,\s*(\d{1,5})\s*,\s*(\d{1,5})')
_ANNOUNCED = re.compile(r'\+(?:CMTI|CDSI):\s*"(\w+)"\s*,\s*(\d{1,4})')


class NotStored(Exception):  # noqa: N818 - a state of the world, not a mistake
    """What came could not be passed on; it stays in the modem and is read again later."""


class Storage:
    """The one store that the modem was set up with, and what came into others before that."""

    def __init__(
        self, dialogue: Dialogue, store: str, inbox: Inbox, others: tuple[str, ...] = ()
    ) -> None:
        self._dialogue = dialogue
        self._store = store
        self._inbox = inbox
        self._others = others  # yet to be looked into
        self.used, self.size = 0, 0

    @property
    def is_filling(self) -> bool:
        """Whether so much is stored that the modem may soon refuse texts."""
        return self.size > 0 and self.used >= FULL_AT * self.size

    def measure(self) -> None:
        """Ask how full the store is; keeps the last answer where there is none."""
        value = self._dialogue.command("AT+CPMS?", "+CPMS:").value("+CPMS:")
        if value and (found := _USAGE.match(value)):
            self.used, self.size = int(found[1]), int(found[2])

    def drain(self, now: float, is_wanted: Callable[[], bool] = lambda: False) -> bool:
        """Pass on and delete everything; False where the modem `is_wanted` before that is done.

        Raises `NotStored` where something could not be passed on.
        """
        self._delete_all(self._inbox.give_up_old_parts(now))
        while self._others:
            if not self._empty(self._others[-1], now, is_wanted):
                return False
            self._others = self._others[:-1]
        if not self._empty(self._store, now, is_wanted):
            return False
        if self.used:
            self.measure()
        if self.is_filling:
            self._delete_all(self._inbox.give_up_parts(now))
            self.measure()
        return True

    def fetch(self, announcement: str, now: float) -> bool:
        """Pass on and delete what +CMTI or +CDSI announced; False where nothing is there."""
        found = _ANNOUNCED.match(announcement)
        if found is None:
            return False  # "-1": stored nowhere, the network will send it again
        slot = Slot(found[1], int(found[2]))
        raw = self._read(slot)
        if raw is not None:
            self.pass_on(slot, raw, now)
        return raw is not None

    def pass_on(self, slot: Slot | None, raw: str, now: float) -> None:
        """Pass one PDU on, and delete what is safe elsewhere by then."""
        try:
            done = self._inbox.take(raw, slot, now)
        except Exception as error:  # whatever the receiver raises: its disk may be full
            log.exception("an incoming message could not be passed on; it stays in the modem")
            raise NotStored from error
        self._delete_all(done)

    def _empty(self, store: str, now: float, is_wanted: Callable[[], bool]) -> bool:
        with self._selected(store):
            self.measure()
            if self.size and not self.used:
                return True
            listed = self._dialogue.command("AT+CMGL=4", "+CMGL:", _LIST_S)
            found = _listing(listed) if listed.is_ok else []
            if not found:
                found = self._scan()
        for index, raw in found:
            if is_wanted():
                return False
            self.pass_on(Slot(store, index), raw, now)
        return True

    def _scan(self) -> list[tuple[int, str]]:
        found: list[tuple[int, str]] = []
        for index in range(min(self.size or _MOST_SLOTS, _MOST_SLOTS) + 1):
            if self.used and len(found) >= self.used:
                break
            if raw := self._read_selected(index):
                found.append((index, raw))
        return found

    def _read(self, slot: Slot) -> str | None:
        with self._selected(slot.store):
            return self._read_selected(slot.index)

    def _read_selected(self, index: int) -> str | None:
        answer = self._dialogue.command(f"AT+CMGR={index}", "+CMGR:")
        return next(filter(framing.is_hex, answer.lines), None) if answer.is_ok else None

    def _delete_all(self, slots: Iterable[Slot]) -> None:
        for slot in slots:
            with self._selected(slot.store):
                self._dialogue.command(f"AT+CMGD={slot.index}")

    @contextmanager
    def _selected(self, store: str) -> Iterator[None]:
        if store == self._store:
            yield
            return
        self._dialogue.command(f'AT+CPMS="{store}"', "+CPMS:")
        try:
            yield
        finally:
            self._dialogue.command(f'AT+CPMS="{self._store}"', "+CPMS:")


def _listing(answer: Answer) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    index: int | None = None
    for line in answer.lines:
        if header := _LISTED.match(line):
            index = int(header[1])
        elif index is not None and framing.is_hex(line):
            found.append((index, line))
            index = None
    return found
