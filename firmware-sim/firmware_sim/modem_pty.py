"""A serial port made of a pty, found under a link that survives unplugging.

The link is replaced atomically, so that whoever opens it gets the old port or the new one, never
neither; at the end it is removed if it is still ours.
"""

import os
import pty
import tty
from pathlib import Path

_KEPT_UNREAD = 256 * 1024
"""What nobody reads is lost beyond this, as on a serial line without a listener."""


class PtyLine:
    """The modem's end of the line. Writing never blocks; `flush` when the port is writable."""

    def __init__(self, link: Path) -> None:
        self._link = link
        self._unsent = bytearray()
        self._master: int | None = None
        self._slave: int | None = None
        self._device = ""

    def open(self) -> None:
        """Make the port and point the link at it."""
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._device = os.ttyname(self._slave)
        self._unsent.clear()
        self._link.parent.mkdir(parents=True, exist_ok=True)
        beside = self._link.with_name(f".{self._link.name}.{os.getpid()}")
        beside.unlink(missing_ok=True)
        beside.symlink_to(self._device)
        beside.replace(self._link)

    def close(self) -> None:
        """Pull the plug: who has the port open reads end of file, the link is gone."""
        for end in (self._master, self._slave):
            if end is not None:
                os.close(end)
        self._master = self._slave = None
        if self._link.is_symlink() and str(self._link.readlink()) == self._device:
            self._link.unlink()

    @property
    def file_number(self) -> int | None:
        """The descriptor to wait on; None while unplugged."""
        return self._master

    @property
    def has_unsent(self) -> bool:
        return bool(self._unsent)

    def read(self) -> bytes:
        """What the program wrote; empty where it wrote nothing."""
        if self._master is None:
            return b""
        try:
            return os.read(self._master, 65536)
        except BlockingIOError:
            return b""

    def write(self, data: bytes) -> None:
        """Send to the program, now or as soon as there is room."""
        if len(self._unsent) < _KEPT_UNREAD:
            self._unsent += data
        self.flush()

    def flush(self) -> None:
        """Send what there is room for."""
        if self._master is None or not self._unsent:
            return
        try:
            del self._unsent[: os.write(self._master, self._unsent)]
        except BlockingIOError:
            return
