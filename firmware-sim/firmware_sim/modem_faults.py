"""How the modem may be told to misbehave: named faults with a value, a count, a chance, an end.

A fault is written `NAME[=VALUE][,count=N][,p=CHANCE][,for=SECONDS]`, for example
`cms-error=38,count=2` or `slow=0.5,p=0.3`. The dice are seeded: one seed, one run.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from random import Random

KNOWN = {
    "autobaud": "lines are not heard while the modem measures the baud rate (give count=)",
    "bare-prompt": "the prompt is `>` alone, without its line break and space",
    "cme-error": "AT+CPIN? answers this +CME ERROR (default 14, SIM busy)",
    "cms-error": "a text is refused with this +CMS ERROR (default 500) and does not go out",
    "cms-error-but-sent": "a text goes out and is still answered with this error (default 500)",
    "cmgd-fails": "deleting answers +CMS ERROR: 500 and deletes nothing",
    "cmgl-303": "AT+CMGL=4 answers +CMS ERROR: 303 (EP06)",
    "cmgl-nothing": "AT+CMGL=4 answers OK and lists nothing (EC200A)",
    "cmti-nowhere": "a text is announced as `+CMTI: ,-1`, stored nowhere, brought again later",
    "cmti-lost": "a text is stored without being announced",
    "duplicate-store": "each text is stored and announced twice (A7670E)",
    "echo-forced": "ATE0 is taken and not obeyed",
    "empty-cmgr": "AT+CMGR answers OK, or this +CMS ERROR, without the message",
    "error-no-space": "errors read `+CMS ERROR:321`, without the space",
    "factory-profile": "hardware flow control swallows the prompt until AT&F or AT+IFC=0,0",
    "framing": "lines lack their leading CR LF (`bare`, the default) or end in LF alone (`lf`)",
    "garbage": "these bytes (hex, default FFFE) come before a line",
    "hang": "the modem goes deaf and dumb, until unplugged or after for=",
    "lost-report": "no status report comes for a text that arrived",
    "lte-refused": "a command that would keep the modem to LTE answers ERROR",
    "mute": "the modem hears and obeys, and says nothing until it restarts",
    "network-lost": "the modem is not registered until its radio is switched off and on",
    "no-alpha-comma": "+CMGL and +CMGR lines lack the empty <alpha> and its comma",
    "no-network": "the modem is not registered",
    "no-prompt": "AT+CMGS brings no prompt; the modem waits for the PDU all the same",
    "prompt-stuck": "^Z is taken for text; only ESC ends the prompt",
    "report-status": "status reports carry this TP-ST (hex, default 46: validity expired)",
    "reset": "the modem restarts in mid-dialogue: at `command`, `prompt` or `answer` (default)",
    "service-centre-lost": "AT+CSCA? names no service centre until the modem restarts",
    "silence": "no answer after ^Z; the text is `sent` (default) or `lost`",
    "slow": "every final answer comes this many seconds late (default 1)",
    "slow-send": "a text is answered this many seconds late (default 5), maybe after its report",
    "storage-full": "the message store takes nothing more",
    "unplug": "the port is gone (until for= is over) at `command`, `prompt` or `answer` (default)",
    "urc-interleaved": "a URC (default a random one) comes before any line of an answer",
}
_ONCE = {"hang", "reset", "unplug"}
"""What happens once unless `count=` or `p=` says otherwise."""
_POINTS = ("command", "prompt", "answer")
_CHOICES = {
    "framing": ("bare", "lf"),
    "silence": ("sent", "lost"),
    "reset": _POINTS,
    "unplug": _POINTS,
}
_READERS: dict[str, Callable[[str], object]] = {
    "cme-error": int,
    "cms-error": int,
    "cms-error-but-sent": int,
    "empty-cmgr": int,
    "garbage": bytes.fromhex,
    "report-status": lambda value: int(value, 16),
    "slow": float,
    "slow-send": float,
}
_URCS = ("RING", "+CREG: 1", "+CIEV: 1,3", "^RSSI:18", '+CMTI: "SM",99', "+CUSD: 2")
_OPTION = re.compile(r",(count|p|for)=([0-9.]+)$")


class FaultError(ValueError):
    """No such fault, or a value it cannot have; the message names the nearest that exists."""


@dataclass
class Fault:
    """One way to misbehave. `count` is how often it still happens, `None` for ever."""

    name: str
    value: str | None = None
    count: int | None = None
    chance: float = 1.0
    lasts_s: float | None = None
    until_s: float | None = None


def parse_fault(spec: str) -> Fault:
    """Read `NAME[=VALUE][,count=N][,p=CHANCE][,for=SECONDS]`. Raises `FaultError`."""
    rest, options = spec, dict[str, str]()
    while option := _OPTION.search(rest):
        options[option[1]] = option[2]
        rest = rest[: option.start()]
    name, _, value = rest.partition("=")
    if name not in KNOWN:
        nearest = get_close_matches(name, KNOWN, n=1)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
        raise FaultError(f"no fault is called {name!r}{hint}")
    if value and value not in _CHOICES.get(name, (value,)):
        raise FaultError(f"{name} takes one of {', '.join(_CHOICES[name])}, not {value!r}")
    try:
        _READERS.get(name, str)(value or "00")
        fault = Fault(name, value or None)
        fault.chance = float(options.get("p", 1.0))
        fault.lasts_s = float(options["for"]) if "for" in options else None
        happens_once = name in _ONCE and "p" not in options
        fault.count = int(options["count"]) if "count" in options else None
    except ValueError as error:
        raise FaultError(f"fault {spec!r}: {error}") from error
    if fault.count is None and happens_once:
        fault.count = 1
    return fault


class Faults:
    """The faults in force. `take` asks whether one happens now and counts it."""

    def __init__(self, clock: Callable[[], float], seed: int = 0) -> None:
        self._clock = clock
        self._dice = Random(seed)
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Put a fault in force from now on."""
        if fault.lasts_s is not None:
            fault.until_s = self._clock() + fault.lasts_s
        self._faults.append(fault)

    def clear(self, name: str | None = None) -> None:
        """Take one fault, or all, out of force."""
        self._faults = [fault for fault in self._faults if name not in (None, fault.name)]

    def take(self, name: str, value: str | None = None) -> Fault | None:
        """The fault of this name (and value, default included) if it happens now, else None."""
        now_s = self._clock()
        for fault in self._faults:
            over = fault.until_s is not None and now_s >= fault.until_s
            if fault.name != name or over or fault.count == 0:
                continue
            if value is not None and (fault.value or "answer") != value:
                continue
            if fault.chance < 1 and self._dice.random() >= fault.chance:
                continue
            if fault.count is not None:
                fault.count -= 1
            return fault
        return None

    def code(self, name: str, default: int) -> int | None:
        """The error code this fault sets now, or None where it does not happen."""
        fault = self.take(name)
        return None if fault is None else int(fault.value or default)

    def seconds(self, name: str, default_s: float) -> float:
        """The seconds this fault adds now; 0 where it does not happen."""
        fault = self.take(name)
        return 0.0 if fault is None else float(fault.value or default_s)

    def interleaved_urc(self) -> str | None:
        """The URC that shall come before the next line of an answer, if any."""
        fault = self.take("urc-interleaved")
        return None if fault is None else fault.value or self._dice.choice(_URCS)
