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
        self._revival = Revival(can_power_cycle=power_cycle is not None)

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
        step = self._revival.next_step(self._shared.clock(), self._shared.reason)
        if step is Step.POWER_CYCLE:
            self._switch_off_and_on()  # while the port is closed, which goes with the power
        port = self._open_port()
        try:
            modem = Modem(port, self._shared)
            if step is Step.RESTART:
                log.warning("the modem is restarted: %s", self._shared.reason)
                self._shared.count("restart_count")
                modem.restart()
            modem.serve()
        finally:
            port.close()

    def _switch_off_and_on(self) -> None:
        if self._power_cycle is None:
            return
        log.warning("the modem's power is switched off and on: %s", self._shared.reason)
        self._shared.count("power_cycle_count")
        try:
            self._power_cycle()
        except Exception:  # a relay or program of the house; there is still the next try
            log.exception("the modem's power could not be switched")

    def _go_down(self, reason: str) -> None:
        if reason not in (self._shared.reason, STOPPED):
            log.warning("the modem can't be used: %s", reason)
        if self._shared.reason == READY:
            self._revival.worked()
        self._shared.reason = reason
        self._shared.network.facts.clear()  # they were of a modem that could be asked
        pause_s = self._revival.failed()
        until = self._shared.clock() + pause_s
        while True:
            while self._shared.jobs:
                self._shared.jobs.popleft().refuse(reason)
            left_s = until - self._shared.clock()
            if self._shared.is_stopping or left_s <= 0:
                return
            self._rest(left_s)
