"""The one place that touches a serial port: bytes in, bytes out, and a way to wake the reader.

A port is opened exclusively, 8N1 without flow control (a Pi's three-wire UART has none). A
successor of pyserial would change this module and no other.
"""

from __future__ import annotations

import os
import select
import termios
from typing import Protocol

import serial

_WRITE_TIMEOUT_S = 10.0
_READ_SIZE = 4096


class PortGone(Exception):  # noqa: N818 - a state of the world, not a mistake
    """The port is absent, taken by another program, or was unplugged; the message says which."""


class Waker:
    """Lets another thread end a wait at once. Set before the wait, it ends the next one."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def fileno(self) -> int:
        """Return what select waits for."""
        return self._reader

    def wake(self) -> None:
        """End the wait of the one thread that waits."""
        try:
            os.write(self._writer, b"\0")
        except BlockingIOError:
            return  # a full pipe wakes as well

    def clear(self) -> None:
        """Forget wake-ups that were seen."""
        os.read(self._reader, _READ_SIZE)

    def wait(self, timeout_s: float) -> None:
        """Wait for a wake-up alone, where there is no port."""
        if select.select([self], [], [], max(0.0, timeout_s))[0]:
            self.clear()

    def close(self) -> None:
        """Give the pipe back, once neither side uses it."""
        os.close(self._reader)
        os.close(self._writer)


class Port(Protocol):
    """A byte pipe to one modem. Each method raises `PortGone` where there is none any more."""

    def read(self, timeout_s: float) -> bytes:
        """Return what is there, waiting up to `timeout_s` for a first byte or a wake-up."""
        ...

    def write(self, data: bytes) -> None:
        """Write all of it."""
        ...

    def close(self) -> None:
        """Give the port back."""
        ...


class SerialPort:
    """A `Port` over pyserial. It belongs to one thread; `waker` belongs to the caller."""

    def __init__(self, path: str, waker: Waker, baud: int = 115200) -> None:
        self._waker = waker
        try:
            self._serial = serial.Serial(
                path, baud, timeout=0, write_timeout=_WRITE_TIMEOUT_S, exclusive=True
            )
        except (OSError, termios.error) as error:  # SerialException is an OSError
            raise PortGone(_reason(error)) from error

    def read(self, timeout_s: float) -> bytes:
        """Wait in one select for the port and the wake-up."""
        try:
            port, waker = self._serial.fileno(), self._waker.fileno()
            ready, _, _ = select.select([port, waker], [], [], max(0.0, timeout_s))
            if waker in ready:
                self._waker.clear()
            return bytes(self._serial.read(_READ_SIZE)) if port in ready else b""
        except OSError as error:
            raise PortGone(_reason(error)) from error

    def write(self, data: bytes) -> None:
        """Write all of it, or find out within ten seconds that nobody takes it."""
        try:
            self._serial.write(data)
        except OSError as error:
            raise PortGone(_reason(error)) from error

    def close(self) -> None:
        """Close the port, whatever state it is in."""
        self._serial.close()


def _reason(error: Exception) -> str:
    return "port_busy" if "exclusively lock" in str(error) else "port_absent"
