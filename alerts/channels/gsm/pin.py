"""Enters a SIM's PIN at most once per boot, and never where fewer than three tries are left.

Three wrong tries lock a SIM, and a service that restarts in a loop makes three tries in seconds.
Only a PIN that opened the SIM may be entered again, when the modem restarts.
"""

from __future__ import annotations

import re
from pathlib import Path

from alerts.channels.gsm.at import Dialogue
from alerts.channels.gsm.errors import NotReady

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_ALL_TRIES = 3
_COUNTERS = (  # 27.007, SIMCom, Quectel, Huawei: each knows its own
    ('AT+CPINR="SIM PIN"', "+CPINR:", re.compile(r'SIM PIN"?\s*,\s*(\d+)')),
    ("AT+SPIC", "+SPIC:", re.compile(r"^(\d+)")),
    ('AT+QPINC="SC"', "+QPINC:", re.compile(r'"SC"\s*,\s*(\d+)')),
    ("AT^CPIN?", "^CPIN:", re.compile(r"^[^,]*,[^,]*,\d*,(\d+)")),
)
_UNLOCK_S = 20.0


class Pin:
    """A PIN that may be entered once. `tried_at` is a file that remembers the boot it was tried in.

    Without the file the memory is this object's. An empty PIN is never entered.
    """

    def __init__(self, digits: str = "", tried_at: Path | None = None) -> None:
        self._digits = digits
        self._tried_at = tried_at
        self._is_tried = False

    def enter(self, dialogue: Dialogue, tries: int | None) -> None:
        """Enter the PIN, or raise `NotReady` with the reason why it is not entered.

        `tries` is what the SIM says are left; where it says nothing, None.
        """
        if re.fullmatch(r"\d{4,8}", self._digits, re.ASCII) is None:
            raise NotReady("sim_pin_wanted")
        if self._is_tried or self._was_tried_in_this_boot():
            raise NotReady("sim_pin_tried_already")
        if tries is not None and tries < _ALL_TRIES:
            raise NotReady("sim_pin_few_tries_left")
        self._remember()
        dialogue.command(f'AT+CPIN="{self._digits}"', timeout_s=_UNLOCK_S)

    def opened(self) -> None:
        """Take down that the SIM is open: if the PIN was tried, it was the right one."""
        self._is_tried = False
        if self._tried_at is not None:
            self._tried_at.unlink(missing_ok=True)

    def _was_tried_in_this_boot(self) -> bool:
        try:
            return self._tried_at is not None and self._tried_at.read_text() == _boot_id()
        except FileNotFoundError:
            return False

    def _remember(self) -> None:
        self._is_tried = True
        if self._tried_at is not None:
            self._tried_at.write_text(_boot_id())


def tries_left(dialogue: Dialogue) -> int | None:
    """Ask how many wrong PINs the SIM still takes; None where the modem can't tell."""
    for command, prefix, pattern in _COUNTERS:
        found = pattern.search(dialogue.command(command, prefix).value(prefix) or "")
        if found:
            return int(found[1])
    return None


def _boot_id() -> str:
    return _BOOT_ID.read_text()
