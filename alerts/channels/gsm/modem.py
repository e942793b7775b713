"""One opened modem: set up, served, watched, until it or its port is gone.

`serve` is the whole life of it, in one thread: texts go out first, then what came in is passed on,
then what is due is looked after, then the thread sleeps until the modem or a caller speaks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from alerts.channels.base import Attempt, Outcome
from alerts.channels.gsm import framing
from alerts.channels.gsm.at import Dialogue
from alerts.channels.gsm.errors import NotReady, Remedy
from alerts.channels.gsm.job import Job
from alerts.channels.gsm.sending import UNCLEAR, send_text
from alerts.channels.gsm.setup import Setup, bring_up, is_as_left, switch_radio_again
from alerts.channels.gsm.shared import READY, Shared
from alerts.channels.gsm.storage import NotStored, Storage
from alerts.channels.gsm.transport import Port, PortGone

log = logging.getLogger(__name__)

SEARCH_AGAIN_AFTER_S = 600.0
"""So long without a network: the radio is switched off and on, and again after so long."""
ALIVE_EVERY_S = 30.0
MISSES = 3
MISSED_AGAIN_S = 5.0
AWAY_EVERY_S = 5.0
STORE_EVERY_S = 60.0
PASS_ON_AGAIN_S = 5.0
STARTS = 5  # a modem that restarts while it is set up is set up again so often
QUEUED_FOR_S = 10.0
"""A text that waited longer is given back: another channel may be quicker."""


class Modem:
    """The modem behind one port. Raises `NotReady` or `PortGone` when it can't be used any more."""

    def __init__(self, port: Port, shared: Shared) -> None:
        self._shared = shared
        self._clock = shared.clock
        self._dialogue = Dialogue(
            port, shared.clock, shared.patience, is_over=lambda: shared.is_stopping
        )
        self._setup: Setup | None = None
        self._storage = Storage(self._dialogue, "SM", shared.inbox)
        self._misses = 0
        self._searched_at = shared.clock()
        self._alive_at = self._store_at = 0.0  # when each is due
        self._drain_at: float | None = None

    def restart(self) -> None:
        """Switch the modem off and on by command, for one that no longer answers otherwise."""
        self._dialogue.restart()

    def serve(self) -> None:
        """Send and receive until the channel stops."""
        try:
            while not self._shared.is_stopping:
                self._take_turn()
        finally:
            self._keep_unheard()

    def _take_turn(self) -> None:
        shared = self._shared
        self._hear()
        if self._setup is None:
            self._bring_up()
        elif shared.jobs:
            self._send(shared.jobs.popleft())
        else:
            self._look_after()
            if not (shared.jobs or shared.is_stopping or self._dialogue.unsolicited):
                self._dialogue.listen(self._idle_s())

    def _bring_up(self) -> None:
        for _ in range(STARTS):
            try:
                self._set_up()
            except NotReady:
                if not any(framing.is_reset(said.line) for said in self._dialogue.unsolicited):
                    raise
                self._hear()  # it restarted under our hands: once more
            else:
                return
        raise NotReady("restarting")

    def _set_up(self) -> None:
        shared = self._shared
        self._setup = None
        shared.about.clear()
        self._setup = bring_up(
            self._dialogue, shared.pin, shared.about, is_lte_only=shared.is_lte_only
        )
        store, others = self._setup.store, self._setup.other_stores
        self._storage = Storage(self._dialogue, store, shared.inbox, others)
        self._misses = 0
        shared.network.ask(self._dialogue, self._clock())
        shared.network.ask_operator(self._dialogue)
        self._alive_at = self._clock() + ALIVE_EVERY_S
        self._store_at = self._clock() + STORE_EVERY_S
        self._drain_at = self._clock()
        shared.reason = READY

    # Out

    def _send(self, job: Job) -> None:
        now = self._clock()
        if now - job.queued_at > QUEUED_FOR_S:
            job.refuse("busy")
            return
        wait_s = self._shared.pace.wait_s(len(job.parts), now, is_critical=job.is_critical)
        if wait_s > 0 and not job.is_exempt:
            job.refuse("sending_too_fast", wait_s)
            return
        if not job.attempt.set_running_or_notify_cancel():
            return
        self._shared.sending_since = now
        try:
            attempt = send_text(self._dialogue, job.parts, self._clock, self._mend, job.noted)
        except PortGone as gone:
            job.refuse(str(gone))
            raise
        finally:
            self._shared.sending_since = None
        self._shared.pace.spend(len(job.parts), self._clock())
        self._note(attempt)
        job.settle(attempt)

    def _note(self, attempt: Attempt) -> None:
        shared, now = self._shared, self._clock()
        shared.attempts[attempt.outcome] += 1
        shared.facts["last_send"] = attempt.reason
        if attempt.outcome is Outcome.SENT:
            shared.sent_at = now
        self._alive_at = now + ALIVE_EVERY_S
        if attempt.reason in UNCLEAR:
            self._setup = None  # whatever state the modem is in now

    def _mend(self, remedy: Remedy) -> bool:
        try:
            if remedy is Remedy.RECONFIGURE:
                self._bring_up()
            else:
                self._storage.drain(self._clock())
        except (NotReady, NotStored) as reason:
            log.warning("the modem could not be mended before trying again: %s", reason)
            return False
        return True

    # In

    def _hear(self) -> None:
        heard = self._dialogue.unsolicited
        for _ in range(len(heard)):  # what comes meanwhile waits its turn, after texts to be sent
            said = heard.popleft()
            line, pdu = said.line, said.pdu
            if framing.is_reset(line):
                self._setup = None
            elif framing.is_start(line):
                self._store_at = self._clock()  # it looks whether the settings still hold
            elif framing.is_store_full(line):
                self._drain_at = self._clock()
            elif pdu:
                self._shared.unpassed.append(pdu)
                self._pass_on(self._pass_direct)
            elif line.startswith(("+CMTI:", "+CDSI:")):
                self._pass_on(partial(self._fetch, line))

    def _keep_unheard(self) -> None:
        self._shared.unpassed += [said.pdu for said in self._dialogue.unsolicited if said.pdu]

    def _fetch(self, announcement: str) -> None:
        if self._setup is None or not self._storage.fetch(announcement, self._clock()):
            self._drain_at = self._clock()

    def _pass_direct(self) -> None:
        unpassed = self._shared.unpassed
        while unpassed:
            self._storage.pass_on(None, unpassed[0], self._clock())
            unpassed.popleft()

    def _drain(self) -> None:
        self._drain_at = None
        self._pass_direct()
        if not self._storage.drain(self._clock(), lambda: bool(self._shared.jobs)):
            self._drain_at = self._clock()  # it goes on once the text is out
        self._shared.facts["stored"] = f"{self._storage.used}/{self._storage.size}"

    def _pass_on(self, step: Callable[[], None]) -> None:
        try:
            step()
        except NotStored:
            self._drain_at = self._clock() + PASS_ON_AGAIN_S

    # Watching

    def _idle_s(self) -> float:
        due = [self._alive_at, self._store_at]
        if self._drain_at is not None:
            due.append(self._drain_at)
        return max(0.0, min(due) - self._clock())

    def _look_after(self) -> None:
        now = self._clock()
        if self._drain_at is not None and now >= self._drain_at:
            self._pass_on(self._drain)
        elif now >= self._store_at:
            self._store_at = now + STORE_EVERY_S
            self._check_settings_and_store()
        elif now >= self._alive_at:
            self._prove_alive()

    def _check_settings_and_store(self) -> None:
        if self._setup is not None and not is_as_left(self._dialogue, self._setup):
            log.warning("the modem was reset: it is set up again")
            self._setup = None
            return
        self._shared.network.ask_operator(self._dialogue)
        self._pass_on(self._drain)

    def _prove_alive(self) -> None:
        network = self._shared.network
        if network.ask(self._dialogue, self._clock()):
            self._misses = 0
            self._search_again()
            self._alive_at = self._clock() + (AWAY_EVERY_S if network.is_away else ALIVE_EVERY_S)
            return
        self._misses += 1
        self._alive_at = self._clock() + MISSED_AGAIN_S
        if self._misses >= MISSES:
            self._setup = None  # setting it up leaves any prompt, or finds that nobody answers

    def _search_again(self) -> None:
        network, now = self._shared.network, self._clock()
        if min(network.away_s(now), now - self._searched_at) < SEARCH_AGAIN_AFTER_S:
            return
        log.warning("there is no network: the radio is switched off and on")
        self._searched_at = now
        switch_radio_again(self._dialogue)
