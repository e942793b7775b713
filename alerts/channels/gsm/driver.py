"""The thread that owns the port: opens it, lives with the modem, opens it again when it is gone.

A port that is absent is no error; it is looked for with a growing pause, by the same path, because
a stick comes back under another number and the path is a link that udev moves.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from alerts.channels.gsm.errors import NotReady
from alerts.channels.gsm.modem import Modem
from alerts.channels.gsm.revive import Revival, Step
from alerts.channels.gsm.shared import READY, STOPPED, Shared
from alerts.channels.gsm.transport import Port, PortGone

log = logging.getLogger(__name__)


class Driver:
    """Runs `run` in a thread of its own until `Shared.is_stopping`."""

    def __init__(
        self,
        shared: Shared,
        open_port: Callable[[], Port],
        rest: Callable[[float], None],
        power_cycle: Callable[[], None] | None = None,
    ) -> None:
        self._shared = shared
        self._open_port = open_port
        self._rest = rest
        self._power_cycle = power_cycle
        self._revival = Revival()

    def run(self) -> None:
        """Live with the modem through all its failures, until the channel stops."""
        while not self._shared.is_stopping:
            try:
                self._live_once()
            except (NotReady, PortGone) as reason:
                self._go_down(str(reason))
            except Exception:  # a mistake of ours must not end the only way of telling people
                log.exception("the modem's driver failed; it starts again")
                self._go_down("driver_failed")
        self._go_down(STOPPED)

    def _live_once(self) -> None:
        port = self._open_port()
        try:
            modem = Modem(port, self._shared)
            if self._shared.reason in ("no_answer", "driver_failed"):
                self._revive(modem)
            modem.serve()
        finally:
            port.close()

    def _revive(self, modem: Modem) -> None:
        step = self._revival.next_step(self._shared.clock())
        if step is Step.RESTART:
            modem.restart()
        elif step is Step.POWER_CYCLE and self._power_cycle is not None:
            self._power_cycle()

    def _go_down(self, reason: str) -> None:
        if reason not in (self._shared.reason, STOPPED):
            log.warning("the modem can't be used: %s", reason)
        if self._shared.reason == READY:
            self._revival.worked()
        self._shared.reason = reason
        pause_s = self._revival.failed()
        until = self._shared.clock() + pause_s
        while True:
            while self._shared.jobs:
                self._shared.jobs.popleft().refuse(reason)
            left_s = until - self._shared.clock()
            if self._shared.is_stopping or left_s <= 0:
                return
            self._rest(left_s)
