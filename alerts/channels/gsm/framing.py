"""Bytes from a modem as lines and prompts, whatever the bytes are.

CRLF, LF and CR end a line, a missing one in front is no harm, what can't be printed is dropped,
and a line without end is given up at 4 KiB.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PROMPT = ">"
_LONGEST_LINE = 4096  # octets: a PDU is at most 2 * 176 digits
_LINE_END = re.compile(rb"[\r\n]+")
_UNPRINTABLE = re.compile(rb"[^\x20-\x7e]+")


class Framing:
    """Cuts what `feed` is given into lines; keeps what is not a whole line yet."""

    def __init__(self) -> None:
        self._rest = b""
        self.dropped = 0  # octets of lines without end

    def feed(self, data: bytes, *, is_prompt_wanted: bool = False) -> list[str]:
        """Return the lines that are now whole, blank ones left out.

        With `is_prompt_wanted`, a `>` at the start of a line is a line of its own.
        """
        lines: list[str] = []
        *whole, self._rest = _LINE_END.split(self._rest + data)
        for line in whole:
            lines += self._split(_text(line), is_prompt_wanted)
        rest = _text(self._rest)
        if is_prompt_wanted and rest.startswith(PROMPT):
            self._rest = rest[1:].encode()
            lines.append(PROMPT)
        if len(self._rest) > _LONGEST_LINE:
            self.dropped += len(self._rest)
            self._rest = b""
        return lines

    def reset(self) -> None:
        """Forget a line that was begun."""
        self._rest = b""

    @staticmethod
    def _split(line: str, is_prompt_wanted: bool) -> list[str]:
        if is_prompt_wanted and line.startswith(PROMPT):
            return [part for part in (PROMPT, line[1:].strip()) if part]
        return [line] if line else []


def _text(line: bytes) -> str:
    return _UNPRINTABLE.sub(b"", line).decode("ascii").strip()


@dataclass(frozen=True, slots=True)
class Final:
    """The line that ends an answer. `word` is ok, error, cms, cme, silence or reset."""

    word: str
    code: int | None = None

    @property
    def is_ok(self) -> bool:
        """Whether the command was done."""
        return self.word == "ok"

    @property
    def reason(self) -> str:
        """A stable word for the record: `cms_38`, `error`, `silence`."""
        return self.word if self.code is None else f"{self.word}_{self.code}"


OK = Final("ok")
SILENCE = Final("silence")
RESET = Final("reset")

_FINAL_WORDS = {
    "OK": OK,
    "ERROR": Final("error"),
    "COMMAND NOT SUPPORT": Final("error"),
    "NO CARRIER": Final("error"),
}
_FINAL_ERROR = re.compile(r"\+(CMS|CME) ERROR:\s*(.*)")


def final_of(line: str) -> Final | None:
    """Return what ends an answer, or None for any other line."""
    if line in _FINAL_WORDS:
        return _FINAL_WORDS[line]
    if found := _FINAL_ERROR.fullmatch(line):
        family, code = found[1].lower(), found[2].strip()
        return Final(family, int(code) if code.isdecimal() and len(code) < 6 else None)
    return None


_UNSOLICITED = (
    *("+CMTI:", "+CMT:", "+CDS:", "+CDSI:", "RING", "+CREG:", "+CGREG:", "+CEREG:", "+CRING:"),
    *("RDY", "+CFUN:", "+CPIN:", "Call Ready", "SMS Ready", "SMS DONE", "PB DONE", "*ATREADY"),
    *("+SMS FULL", "^", "*PSUTTZ", "+CTZV", "+CTZE", "+NITZ", "DST:", "+CUSD:", "+CLIP:"),
    *("+QIND:", "+QUSIM:", "NORMAL POWER DOWN", "UNDER-VOLTAGE", "OVER-VOLTAGE", "POWER DOWN"),
)
_RESETS = (
    *("RDY", "+CFUN:", "*ATREADY", "^SYSSTART"),
    *("NORMAL POWER DOWN", "UNDER-VOLTAGE POWER DOWN", "OVER-VOLTAGE POWER DOWN", "POWER DOWN"),
)
_STARTS = ("Call Ready", "SMS Ready", "SMS DONE", "PB DONE", "+CPIN:")
_STORE_FULL = ("+SMS FULL", "^SMMEMFULL")


def is_unsolicited(line: str, expected: str | None) -> bool:
    """Whether the modem says a line of its own accord, while an answer `expected` is awaited."""
    if expected and line.startswith(expected):
        return False
    return line.startswith(_UNSOLICITED)


def is_reset(line: str) -> bool:
    """Whether the modem has just restarted or gone down: no answer will come."""
    return line.startswith(_RESETS)


def is_start(line: str) -> bool:
    """Whether the modem may have restarted a while ago."""
    return line.startswith(_STARTS)


def is_store_full(line: str) -> bool:
    """Whether the modem says that it can take no more texts."""
    return line.startswith(_STORE_FULL)


def has_pdu(line: str) -> bool:
    """Whether the next line is the PDU that this one announces."""
    return line.startswith(("+CMT:", "+CDS:"))


_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")


def is_hex(line: str) -> bool:
    """Whether a line can be a PDU."""
    return _HEX.fullmatch(line) is not None
