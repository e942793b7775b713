"""One AT dialogue: a command out, its answer back, with whatever the modem says in between.

Lines that the modem says of its own accord are put aside in `unsolicited`, wherever they come: in
the middle of an answer, before a prompt, between a text and its +CMGS. Nothing here decides what
they mean. All waiting ends: silence is an answer, too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from alerts.channels.gsm import framing
from alerts.channels.gsm.framing import PROMPT, RESET, SILENCE, Final
from alerts.channels.gsm.submit import tpdu_octets
from alerts.channels.gsm.transport import Port, PortGone

ESC, END_OF_TEXT = b"\x1b", b"\x1a"

_PROMPTED = Final("prompted")
_MOST_UNSOLICITED = 1000


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for what, in seconds. 3GPP sets no limits; these were seen to be needed."""

    command_s: float = 5.0
    sync_s: float = 10.0  # a modem measures the baud rate, or starts
    try_s: float = 1.0  # one AT of a synchronisation
    quiet_s: float = 0.1  # no byte for so long: no late answer is on its way
    prompt_s: float = 10.0
    answer_s: float = 180.0  # an EG06 was seen to fail after 135 s


@dataclass(frozen=True, slots=True)
class Answer:
    """The lines of an answer and what ended it."""

    final: Final
    lines: tuple[str, ...] = ()

    @property
    def is_ok(self) -> bool:
        """Whether the command was done."""
        return self.final.is_ok

    def value(self, prefix: str) -> str | None:
        """Return what follows `prefix` on the first line that has it."""
        for line in self.lines:
            if line.startswith(prefix):
                return line.removeprefix(prefix).strip()
        return None


@dataclass(frozen=True, slots=True)
class Unsolicited:
    """A line that came of its own accord, with the PDU that followed it, if one belongs to it."""

    line: str
    pdu: str = ""


class Dialogue:
    """Speaks AT over one port, from one thread."""

    def __init__(
        self,
        port: Port,
        clock: Callable[[], float],
        patience: Patience,
        is_over: Callable[[], bool] = lambda: False,
    ) -> None:
        self._port = port
        self._clock = clock
        self._is_over = is_over  # checked at every wake-up: ends a wait as a vanished port does
        self._patience = patience
        self._framing = framing.Framing()
        self._lines: deque[str] = deque()
        self._announced = ""
        self.unsolicited: deque[Unsolicited] = deque(maxlen=_MOST_UNSOLICITED)
        self.has_echo = False  # set by an echo; whoever turned it off learns of a reset
        self.stray_lines = 0

    def command(self, text: str, expects: str = "", timeout_s: float | None = None) -> Answer:
        """Send one command and wait for its end. `expects` is the prefix of its answer's lines."""
        self._take_stale_lines()
        self._port.write(text.encode("ascii") + b"\r")
        wait_s = self._patience.command_s if timeout_s is None else timeout_s
        return self._answer(text, expects, wait_s)

    def prompt(self, pdu: bytes) -> Final:
        """Announce a PDU; `ok` means that the modem waits for it. Nothing has gone out yet."""
        text = f"AT+CMGS={tpdu_octets(pdu)}"
        self._take_stale_lines()
        self._port.write(text.encode("ascii") + b"\r")  # a line feed would become part of the PDU
        final = self._answer(text, "+CMGS:", self._patience.prompt_s, is_prompt_wanted=True).final
        if final == _PROMPTED:
            return framing.OK
        return Final("no_prompt") if final.is_ok or final == SILENCE else final

    def submit(self, pdu: bytes) -> Answer:
        """Give the modem the PDU it waits for; from here on the text may have gone out."""
        text = pdu.hex().upper()
        self._port.write(text.encode("ascii") + END_OF_TEXT)
        return self._answer(text, "+CMGS:", self._patience.answer_s)

    def restart(self) -> None:
        """Switch the modem off and on by command, from any prompt it may be in."""
        self._port.write(ESC + b"\r")
        self.command("AT+CFUN=1,1")

    def synchronise(self) -> bool:
        """Leave any prompt, then repeat AT until it is answered and all is quiet."""
        deadline = self._clock() + self._patience.sync_s
        self._port.write(ESC + b"\r")
        while self._clock() < deadline:
            if self.command("AT", timeout_s=self._patience.try_s).is_ok:
                self.listen(self._patience.quiet_s)
                return True
        return False

    def listen(self, timeout_s: float) -> None:
        """Wait for the modem to speak of its own accord, or for a wake-up."""
        if not self._lines:
            self._lines += self._framing.feed(self._port.read(timeout_s))
        self._take_lines()

    def _take_stale_lines(self) -> None:
        self._lines += self._framing.feed(self._port.read(0.0))
        self._take_lines()

    def _take_lines(self) -> None:
        while self._lines:
            line = self._lines.popleft()
            if not self._is_put_aside(line, ""):
                self.stray_lines += 1  # noise, or an answer that came too late

    def _answer(
        self, sent: str, expects: str, wait_s: float, *, is_prompt_wanted: bool = False
    ) -> Answer:
        deadline = self._clock() + wait_s
        lines: list[str] = []
        while (line := self._next_line(deadline, is_prompt_wanted)) is not None:
            if is_prompt_wanted and line == PROMPT:
                return Answer(_PROMPTED)
            if line == sent or line.startswith("AT"):
                self.has_echo = True
            elif self._is_put_aside(line, expects):
                if framing.is_reset(line):
                    return Answer(RESET)
            elif final := framing.final_of(line):
                return Answer(final, tuple(lines))
            else:
                lines.append(line)
        return Answer(SILENCE, tuple(lines))

    def _next_line(self, deadline: float, is_prompt_wanted: bool) -> str | None:
        while not self._lines:
            left_s = deadline - self._clock()
            if left_s <= 0:
                return None
            data = self._port.read(left_s)
            if self._is_over():
                raise PortGone("stopped")
            self._lines += self._framing.feed(data, is_prompt_wanted=is_prompt_wanted)
        return self._lines.popleft()

    def _is_put_aside(self, line: str, expects: str) -> bool:
        if self._announced and framing.is_hex(line):
            self.unsolicited.append(Unsolicited(self._announced, line))
            self._announced = ""
            return True
        if not framing.is_unsolicited(line, expects):
            return False
        if framing.has_pdu(line):
            self._announced = line
        else:
            self.unsolicited.append(Unsolicited(line))
        return True
