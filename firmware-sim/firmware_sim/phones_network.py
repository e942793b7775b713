"""The network between modem and phones: air time, a service centre that keeps what cannot be
delivered, status reports.

A text to a phone that is off waits in the service centre until the phone is on; a text to a modem
that is full, unregistered or unplugged is brought again every `retry_s`.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from firmware_sim.modem_agenda import Agenda
from firmware_sim.modem_faults import Faults
from firmware_sim.phones import Phone, line_of
from firmware_sim.sms_pdu import (
    INTERNATIONAL,
    NATIONAL,
    UNKNOWN,
    Submit,
    encode_deliver,
    encode_report,
)

Event = dict[str, Any]
Gate = Callable[[bytes], bool]
"""Offers a PDU to the modem; False where it cannot take it now."""


class Network:
    """Everything on the other side of the modem's aerial."""

    def __init__(
        self,
        agenda: Agenda,
        faults: Faults,
        phones: list[Phone],
        *,
        wall: Callable[[], datetime],
        tell: Callable[[Event], None],
        air_s: float = 0.05,
        retry_s: float = 5.0,
        speed: float = 1.0,
    ) -> None:
        self.air_s = air_s
        self._agenda, self._faults, self._wall, self._tell = agenda, faults, wall, tell
        self._retry_s, self._speed = retry_s, speed
        self._phones = {line_of(phone.number): phone for phone in phones}
        self._waiting: dict[str, list[Callable[[], None]]] = {}
        self._text_gate: Gate = lambda _pdu: False
        self._report_gate: Gate = lambda _pdu: False
        self._reference = 0
        for phone in phones:
            if phone.on_after_s is not None:
                phone.switched_off = True
                self._switch_on_later(phone, phone.on_after_s / speed)

    def connect(self, texts: Gate, reports: Gate) -> None:
        """Give the modem its two ways in."""
        self._text_gate, self._report_gate = texts, reports

    def phone(self, number_or_name: str) -> Phone:
        """The phone of this number or name; one that nobody has gets a silent phone."""
        for phone in self._phones.values():
            if phone.name and phone.name == number_or_name:
                return phone
        line = line_of(number_or_name)
        return self._phones.setdefault(line, Phone(line))

    # From the modem

    def submit(self, part: Submit, reference: int) -> None:
        """Take one part from the modem."""
        sent_at = self._wall()
        self._agenda.after(self.air_s, lambda: self._deliver(part, reference, sent_at))

    def _deliver(self, part: Submit, reference: int, sent_at: datetime) -> None:
        phone = self.phone(part.number)
        if phone.switched_off:
            waiting = self._waiting.setdefault(line_of(phone.number), [])
            waiting.append(lambda: self._deliver(part, reference, sent_at))
            return
        if part.wants_report:
            self._report(part.number, reference, sent_at)
        text = phone.receive(part)
        if text is None:
            return
        parts = part.concatenation.total if part.concatenation else 1
        line = line_of(phone.number)
        self._tell({"event": "text", "to": line, "name": phone.name, "text": text, "parts": parts})
        for after_s, words in phone.replies(text):
            self._reply_later(phone, words, after_s / self._speed)

    def _report(self, number: str, reference: int, sent_at: datetime) -> None:
        if self._faults.take("lost-report"):
            return
        fault = self._faults.take("report-status")
        status = int(fault.value or "46", 16) if fault else 0
        report = encode_report(reference, number, sent_at, self._wall(), status)
        self._tell({"event": "report", "to": line_of(number), "mr": reference, "status": status})
        self._bring_later(self._report_gate, report, self.air_s)

    # From the phones

    def text_from(self, number_or_name: str, text: str, **options: Any) -> None:
        """Let a phone (or any sender: `10086`, a name) send a text to the modem."""
        phone = self.phone(number_or_name)
        kind = {"international": INTERNATIONAL, "national": NATIONAL, "unknown": UNKNOWN}
        number, toa = phone.number, None
        if line_of(number).startswith("+86") and phone.sends_as != "international":
            number, toa = line_of(number)[3:], kind[phone.sends_as]
        self._reference = (self._reference + 1) % 256
        options = {"reference": self._reference, "type_of_address": toa, **options}
        for pdu in encode_deliver(number, text, self._wall(), **options):
            self.bring(pdu)

    def bring(self, pdu: bytes) -> None:
        """Bring a DELIVER to the modem, as it is."""
        self._bring_later(self._text_gate, pdu, self.air_s)

    def hold(self, pdu: bytes) -> None:
        """Take back a text that the modem could not hand over."""
        self._bring_later(self._text_gate, pdu, self._retry_s)

    def _bring_later(self, gate: Gate, pdu: bytes, delay_s: float) -> None:
        def bring() -> None:
            if not gate(pdu):
                self._agenda.after(self._retry_s, bring)

        self._agenda.after(delay_s, bring)

    def _reply_later(self, phone: Phone, words: str, delay_s: float) -> None:
        def reply() -> None:
            line = line_of(phone.number)
            self._tell({"event": "reply", "from": line, "name": phone.name, "text": words})
            self.text_from(line, words)

        self._agenda.after(delay_s, reply)

    # Power

    def switch(self, number_or_name: str, *, off: bool) -> None:
        """Switch a phone off or on; when it comes on, what waited for it arrives."""
        phone = self.phone(number_or_name)
        phone.switched_off = off
        if not off:
            for deliver in self._waiting.pop(line_of(phone.number), []):
                deliver()

    def _switch_on_later(self, phone: Phone, delay_s: float) -> None:
        self._agenda.after(delay_s, lambda: self.switch(phone.number, off=False))
