"""The simulated modem on a workbench: bytes by hand, time by hand, no pty and no waiting."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from firmware_sim.modem_control import obey
from firmware_sim.modem_world import BEIJING, Cable, Settings, World
from firmware_sim.phones import phones_from

LI = "+8613912345678"
SUBMIT = "0021000D91683119325476F800080C6C346D78544A8B66D83DDE00"  # 水浸告警😀, report asked for
SUBMIT_LENGTH = len(SUBMIT) // 2 - 1
WALL = datetime(2025, 3, 9, 14, 5, 33, tzinfo=BEIJING)


class Bench:
    """A modem that was spoken to: `send` bytes, `pass_time`, look at what it `said` since."""

    def __init__(self, phones: Iterable[dict[str, Any]] = (), **settings: Any) -> None:
        self.events: list[dict[str, Any]] = []
        self._said = bytearray()
        self._cable = Cable(self._said.extend)
        self._now_s = 0.0
        made = Settings(phones=phones_from(phones), **settings)
        self.world = World(made, self._cable, self.events.append, lambda: WALL)

    def said(self) -> bytes:
        """What the modem said since the last time it was asked."""
        said = bytes(self._said)
        self._said.clear()
        return said

    def send(self, data: bytes | str) -> bytes:
        """Send bytes; what the modem says at once."""
        self.world.take(data.encode() if isinstance(data, str) else data)
        return self.said()

    def ask(self, line: str) -> bytes:
        """Send a command line, echo off; what the modem says at once."""
        return self.send(line + "\r")

    def pass_time(self, seconds: float) -> bytes:
        """Let time pass; what the modem says meanwhile."""
        self._now_s += seconds
        self.world.advance(self._now_s)
        return self.said()

    def ready(self) -> Bench:
        """Echo off, PDU mode, numeric errors, one store for all, texts and reports announced."""
        for line in ("ATE0", "AT+CMGF=0;+CMEE=1", 'AT+CPMS="SM","SM","SM"', "AT+CNMI=2,1,0,1,0"):
            self.ask(line)
        return self

    def text(self, pdu: str = SUBMIT) -> bytes:
        """Send one PDU through the prompt and wait for the air; what is said after the prompt."""
        self.ask(f"AT+CMGS={len(pdu) // 2 - 1}")
        return self.send(pdu + "\x1a") + self.pass_time(1)

    def order(self, **order: Any) -> dict[str, Any]:
        """An order as over the control socket."""
        return obey(self.world, order)

    def text_from(self, sender: str, text: str) -> bytes:
        """Let a phone send a text and wait for the air; what the modem says."""
        self.order(**{"do": "text", "from": sender, "text": text})
        return self.pass_time(1)

    def told(self, event: str) -> list[dict[str, Any]]:
        """The events of one kind."""
        return [each for each in self.events if each["event"] == event]
