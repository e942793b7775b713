"""The pins themselves, by gpiozero: levels in, levels out. All else in this package is pure of it.

gpiozero is loaded when there is something to open, and only then. A pin that fails takes no other
with it: what is wrong is kept, for health to say.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Any

from gateway.hardware.settings import Input, Output

OnEdge = Callable[[int, bool, float], None]
"""Pin, whether its circuit is closed, and when, in seconds of the monotonic clock."""

INSTALL = (
    "apt install python3-lgpio, and let the venv see it (--system-site-packages, docs/pi.md):"
    " what pip finds may be a stub that does nothing"
)
RIGHTS = (
    "is this a Pi, is this user in the group gpio, and may it write to its working directory"
    " (lgpio keeps a pipe there)? See docs/pi.md"
)

logger = logging.getLogger(__name__)


class PinsError(Exception):
    """No pin can be used; the message says what to do."""


def make_factory() -> Any:
    """Return gpiozero's way to the pins: by lgpio, unless somebody chose another.

    One is chosen as gpiozero has it: `GPIOZERO_PIN_FACTORY=mock` serves a desk without a Pi.

    Raises:
        PinsError: library, chip or rights are missing.
    """
    try:
        device: Any = import_module("gpiozero").Device
    except ImportError:
        raise PinsError(
            "gpiozero is missing; install the extra: menshen[pi] (docs/pi.md)"
        ) from None
    if device.pin_factory is not None:
        return device.pin_factory
    is_chosen = "GPIOZERO_PIN_FACTORY" in os.environ
    if not is_chosen:
        _need_lgpio()
    try:
        if is_chosen:
            device.ensure_pin_factory()
        else:  # left alone, gpiozero would try older ways in turn, which fit no Pi 5
            device.pin_factory = import_module("gpiozero.pins.lgpio").LGPIOFactory()
    except Exception as error:  # gpiozero and lgpio raise what they please, by board and kernel
        raise PinsError(f"the pins cannot be opened: {error}; {RIGHTS}") from error
    return device.pin_factory


def _need_lgpio() -> None:
    """Raise `PinsError` where lgpio is absent, or only looks as if it were there."""
    try:
        lgpio = import_module("lgpio")
    except ImportError:
        raise PinsError(f"lgpio is missing; {INSTALL}") from None
    except OSError as error:  # its pipe, made in the working directory when it is loaded
        raise PinsError(f"lgpio cannot be loaded: {error}; {RIGHTS}") from error
    if not hasattr(lgpio, "gpiochip_open"):
        raise PinsError(f"lgpio is an empty stub; {INSTALL}")


class Pins:
    """Opened pins, by number. `problems` says of each that failed why."""

    def __init__(
        self, inputs: Sequence[Input], outputs: Sequence[Output], on_edge: OnEdge, factory: Any
    ) -> None:
        """Open what can be opened. `on_edge` is called on a thread of gpiozero's."""
        self.problems: dict[int, str] = {}
        self._on_edge = on_edge
        self._inputs: dict[int, Any] = {}
        self._outputs: dict[int, Any] = {}
        self._shown: dict[int, bool] = {}
        gpiozero: Any = import_module("gpiozero")
        for entry in inputs:
            is_pulled_up = entry.pull == "up"  # active is then low: closed, either way
            make = partial(gpiozero.DigitalInputDevice, pull_up=is_pulled_up, pin_factory=factory)
            self._open(self._inputs, entry.pin, make)
        for pin, opened in self._inputs.items():
            opened.when_activated = partial(self._edge, pin, True)
            opened.when_deactivated = partial(self._edge, pin, False)
        for output in outputs:
            is_high = not output.active_low
            make = partial(gpiozero.DigitalOutputDevice, active_high=is_high, pin_factory=factory)
            self._open(self._outputs, output.pin, make)

    def levels(self) -> Iterator[tuple[int, bool]]:
        """Yield of each input that can be read whether its circuit is closed."""
        for pin, opened in self._inputs.items():
            try:
                yield pin, bool(opened.value)
            except Exception as error:  # noqa: BLE001  # lgpio's errors have no common base
                self._failed(pin, error)

    def show(self, lit: Mapping[int, bool]) -> None:
        """Set outputs; those that are as wanted already are left alone."""
        for pin, is_lit in lit.items():
            opened = self._outputs.get(pin)
            if opened is None or self._shown.get(pin) == is_lit:
                continue
            try:
                opened.value = is_lit
            except Exception as error:  # noqa: BLE001  # lgpio's errors have no common base
                self._failed(pin, error)
            self._shown[pin] = is_lit

    def close(self) -> None:
        """Give the pins back; outputs go dark."""
        for opened in (*self._inputs.values(), *self._outputs.values()):
            opened.close()

    def _open(self, opened: dict[int, Any], pin: int, make: Callable[[int], Any]) -> None:
        try:
            opened[pin] = make(pin)
        except Exception as error:  # noqa: BLE001  # lgpio's errors have no common base
            self._failed(pin, error)

    def _failed(self, pin: int, error: Exception) -> None:
        if pin not in self.problems:
            logger.error("GPIO %d cannot be used: %s; %s", pin, error, RIGHTS)
            self.problems[pin] = str(error)

    def _edge(self, pin: int, is_closed: bool) -> None:
        self._on_edge(pin, is_closed, time.monotonic())
