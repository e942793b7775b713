"""A fake modem behind a real pty, which can be pulled out."""

from __future__ import annotations

import os
import select
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fakes.gsm_modem import FakeModem


class Pty:
    """A fake modem behind a pty."""

    def __init__(self, modem: FakeModem, link: Path) -> None:
        self.modem = modem
        self._lock = threading.Lock()
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(self._slave))
        self._stop_reader, self._stop_writer = os.pipe()
        self._thread = threading.Thread(target=self._pump)
        self._thread.start()

    def say(self, text: str) -> None:
        """Say a line of the modem's own accord."""
        with self._lock:
            self.modem.say(text)
            os.write(self._master, self.modem.output())

    def unplug(self) -> None:
        """Pull it out; whoever has it open finds it gone. Harmless when repeated."""
        if self._thread.is_alive():
            os.write(self._stop_writer, b"x")
            self._thread.join()
            for handle in (self._master, self._slave, self._stop_reader, self._stop_writer):
                os.close(handle)

    def _pump(self) -> None:
        while True:
            ready, _, _ = select.select([self._master, self._stop_reader], [], [])
            if self._stop_reader in ready:
                return
            data = os.read(self._master, 4096)
            with self._lock:
                self.modem.write(data)
                os.write(self._master, self.modem.output())


@contextmanager
def on_pty(modem: FakeModem, link: Path) -> Iterator[Pty]:
    """Put a modem behind `link`, and pull it out at the end."""
    pty = Pty(modem, link)
    try:
        yield pty
    finally:
        pty.unplug()
