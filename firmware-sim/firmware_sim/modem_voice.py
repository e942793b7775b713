"""How the modem's lines look on the wire: CR LF on both sides, and the faults that spoil it."""

from collections.abc import Callable

from firmware_sim.modem_faults import Faults


class Voice:
    """Says lines, final codes and the prompt. `write` takes raw bytes."""

    def __init__(self, write: Callable[[bytes], None], faults: Faults) -> None:
        self.write = write
        self._faults = faults

    def echo(self, octet: int) -> None:
        """Say back what was heard."""
        if not self._faults.take("mute"):
            self.write(bytes([octet]))

    def line(self, line: str) -> None:
        """Say one line that stands alone: a URC."""
        self._say(self._framed(line))

    def final(self, line: str) -> None:
        """Say the line that ends an answer."""
        self._interrupt()
        self.line(line)

    def information(self, lines: list[str]) -> None:
        """Say the information of one command, a block of lines."""
        for position, line in enumerate(lines):
            is_interrupted = self._interrupt()
            framed = self._framed(line)
            leads = position == 0 or is_interrupted
            self._say(framed if leads else framed.removeprefix(b"\r\n"))

    def prompt(self) -> None:
        """Ask for a PDU."""
        self._interrupt()
        self._say(b">" if self._faults.take("bare-prompt") else b"\r\n> ")

    def _interrupt(self) -> bool:
        """Let a URC come between, where a fault says so."""
        urc = self._faults.interleaved_urc()
        if urc:
            self.line(urc)
        return urc is not None

    def _framed(self, line: str) -> bytes:
        fault = self._faults.take("framing")
        octets = line.encode("latin-1", "replace")
        if fault is None:
            return b"\r\n" + octets + b"\r\n"
        ending = b"\n" if fault.value == "lf" else b"\r\n"
        return octets.replace(b"\r\n", ending) + ending

    def _say(self, framed: bytes) -> None:
        if self._faults.take("mute"):
            return
        fault = self._faults.take("garbage")
        if fault:
            self.write(bytes.fromhex(fault.value or "FFFE"))
        self.write(framed)
