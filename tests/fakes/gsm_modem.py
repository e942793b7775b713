"""A scripted modem at the wire, with a clock that jumps when nobody has anything to say.

`FakeModem` is a `Port`; `gsm_pty` puts one behind a real pty.
"""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from collections.abc import Callable
from itertools import count

from alerts.channels.gsm.transport import PortGone

ANSWERS = {
    "AT": "OK",
    "ATE0": "OK",
    "AT+CPIN?": "+CPIN: READY\r\n\r\nOK",
    "AT+CFUN?": "+CFUN: 1\r\n\r\nOK",
    "AT+CPMS=?": '+CPMS: ("SM"),("SM"),("SM")\r\n\r\nOK',
    "AT+CSCA?": '+CSCA: "+8613800100500",145\r\n\r\nOK',
    "AT+CNMI=?": "+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)\r\n\r\nOK",
    "AT+CNMI?": "+CNMI: 2,1,0,1,0\r\n\r\nOK",
    "AT+CMGF?": "+CMGF: 0\r\n\r\nOK",
    "AT+CREG?": "+CREG: 0,1\r\n\r\nOK",
    "AT+CSQ": "+CSQ: 20,99\r\n\r\nOK",
    "AT+COPS?": '+COPS: 0,0,"CHINA MOBILE"\r\n\r\nOK',
}


COMMAND_S = 0.002


class FakeClock:
    """Monotonic seconds that only the fake moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class FakeModem:
    """Answers commands from `ANSWERS`, its store and the test's script."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.script: defaultdict[str, deque[str | None]] = defaultdict(deque)  # once; None: silence
        self.answers: dict[str, str | None] = dict(ANSWERS)  # for ever; None: silence
        self.before_each_line: list[str] = []  # said of its own accord before any line
        self.echo = False
        self.store: dict[int, str] = {}
        self.size = 20
        self.commands: list[str] = []
        self.pdus: list[str] = []
        self.after: dict[str, Callable[[], None]] = {}  # what happens once a command was answered
        self.is_gone = False
        self._out = bytearray()
        self._in = bytearray()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._references = count(7)
        self._wants_pdu = False

    # What a test does

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        """Let something happen so many seconds from now."""
        heapq.heappush(self._due, (self.clock.now + seconds, next(self._order), action))

    def say(self, text: str) -> None:
        """Say a line of its own accord."""
        self._out += f"\r\n{text}\r\n".encode("latin-1")

    def raw(self, data: bytes) -> None:
        """Put bytes on the line."""
        self._out += data

    def output(self) -> bytes:
        """Take what is to go out."""
        data = bytes(self._out)
        self._out.clear()
        return data

    # What the driver does

    def read(self, timeout_s: float) -> bytes:
        """Return what was said, or let time pass until something happens."""
        if not self._out and not self.is_gone:
            self.rest(timeout_s)
        if self.is_gone:
            raise PortGone("port_absent")
        return self.output()

    def rest(self, timeout_s: float) -> None:
        """Let time pass until something happens, which wakes whoever waits."""
        until = self.clock.now + timeout_s
        if self._due and self._due[0][0] <= until:
            at, _, action = heapq.heappop(self._due)
            self.clock.now = max(self.clock.now, at)
            action()
        else:
            self.clock.now = until

    def write(self, data: bytes) -> None:
        """Take bytes; answer each whole command or PDU."""
        if self.is_gone:
            raise PortGone("port_absent")
        self._in += data
        while True:
            if b"\x1b" in self._in:
                self._in = self._in.partition(b"\x1b")[2]
                self._wants_pdu = False
            end = b"\x1a" if self._wants_pdu else b"\r"
            line, found, rest = self._in.partition(end)
            if not found:
                return
            self._in = rest
            if self.echo:
                self._out += line + end
            self._take(line.decode("latin-1").strip())

    def close(self) -> None:
        """Nothing to close."""

    def _take(self, line: str) -> None:
        if not line:
            return
        self.clock.now += COMMAND_S
        key = "PDU" if self._wants_pdu else line
        if self._wants_pdu:
            self.pdus.append(line)
            self._wants_pdu = False
        else:
            self.commands.append(line)
        name = key.partition("=")[0]
        scripted = next((self.script[k] for k in (key, name) if self.script.get(k)), None)
        answer = scripted.popleft() if scripted else self._usual(key, name)
        if answer == ">":
            self._wants_pdu = True
            self._out += b"".join(f"\r\n{urc}\r\n".encode() for urc in self.before_each_line)
            self._out += b"\r\n> "
        elif answer is not None:
            for part in answer.split("\r\n\r\n"):
                for urc in self.before_each_line:
                    self.say(urc)
                self.say(part)
        self.after.pop(key, lambda: None)()

    def _usual(self, key: str, name: str) -> str | None:
        if key in self.answers:
            return self.answers[key]
        if name in self.answers:
            return self.answers[name]
        argument = key.partition("=")[2]
        if name == "AT+CMGS":
            return ">"
        if key == "PDU":
            return f"+CMGS: {next(self._references) % 256}\r\n\r\nOK"
        if key == "AT+CPMS?":
            used = f'"SM",{len(self.store)},{self.size}'
            return f"+CPMS: {used},{used},{used}\r\n\r\nOK"
        if name == "AT+CMGL":
            lines = [f"+CMGL: {i},1,,20\r\n{pdu}" for i, pdu in self.store.items()]
            return "\r\n\r\n".join([*lines, "OK"])
        if name == "AT+CMGR":
            pdu = self.store.get(int(argument))
            return f"+CMGR: 1,,20\r\n{pdu}\r\n\r\nOK" if pdu else "+CMS ERROR: 321"
        if name == "AT+CMGD":
            self.store.pop(int(argument), None)
        return "OK"
