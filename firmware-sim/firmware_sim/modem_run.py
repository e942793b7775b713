"""The modem in real time: on a pty, in this thread (`ModemLoop`) or in one of its own.

with SimulatedModem(tmp_path / "modem", Settings(family="SIM800L")) as modem:
    ...                                   # the program under test opens modem.link
    modem.order(do="text", **{"from": "+8613900000001", "text": "1 4821"})
    modem.wait_for("text", to="+8613900000001")
"""

import os
import selectors
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from firmware_sim.modem_control import obey
from firmware_sim.modem_pty import PtyLine
from firmware_sim.modem_socket import ControlSocket
from firmware_sim.modem_world import Cable, Settings, World
from firmware_sim.phones_network import Event


class ModemLoop:
    """Waits for bytes, orders and the agenda's next act. `tell` gets every event.

    Raises `ValueError` for settings that cannot be.
    """

    def __init__(
        self,
        link: Path,
        settings: Settings,
        tell: Callable[[Event], None],
        control: Path | None = None,
    ) -> None:
        self._link, self._control_path, self._tell_owner = link, control, tell
        self._line = PtyLine(link)
        self._control: ControlSocket | None = None
        cable = Cable(self._line.write, self._line.close, self._line.open)
        self.world = World(settings, cable, self._tell, now_s=time.monotonic())
        self._calls: deque[Callable[[], None]] = deque()
        self._wake_in, self._wake_out = os.pipe()
        os.set_blocking(self._wake_in, False)
        self._is_running = True

    def call(self, act: Callable[[], None]) -> None:
        """Let the loop's thread do something; safe from any thread."""
        self._calls.append(act)
        os.write(self._wake_out, b"!")

    def stop(self) -> None:
        """Let `run` return; safe from any thread and from a signal."""
        self._is_running = False
        os.write(self._wake_out, b".")

    def run(self) -> None:
        """Be a modem until `stop`."""
        with ExitStack() as stack:
            stack.callback(self._close_pipe)
            self._line.open()
            stack.callback(self._line.close)
            if self._control_path is not None:
                control = self._control_path
                self._control = ControlSocket(control, lambda order: obey(self.world, order))
                stack.callback(self._control.close)
            self._tell({"event": "ready", "link": str(self._link)})
            while self._is_running:
                self._turn()

    def _turn(self) -> None:
        ready = self._wait()
        self.world.advance(time.monotonic())
        if self._line.file_number in ready:
            self._line.flush()
            data = self._line.read()
            if data:
                self.world.take(data)
        if self._wake_in in ready:
            os.read(self._wake_in, 4096)
            while self._calls:
                self._calls.popleft()()
        if self._control is not None:
            for each in self._control.sockets():
                if each.fileno() in ready:
                    self._control.serve(each)

    def _wait(self) -> set[int]:
        """The descriptors that have something for us, or nothing where time has come."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake_in, selectors.EVENT_READ)
            if self._line.file_number is not None:
                writing = selectors.EVENT_WRITE if self._line.has_unsent else 0
                selector.register(self._line.file_number, selectors.EVENT_READ | writing)
            if self._control is not None:
                for each in self._control.sockets():
                    selector.register(each.fileno(), selectors.EVENT_READ)
            next_at_s = self.world.agenda.next_at_s
            wait_s = None if next_at_s is None else max(0.0, next_at_s - time.monotonic())
            return {key.fd for key, _ in selector.select(wait_s)}

    def _tell(self, event: Event) -> None:
        if self._control is not None:
            self._control.tell(event)
        self._tell_owner(event)

    def _close_pipe(self) -> None:
        os.close(self._wake_in)
        os.close(self._wake_out)


class SimulatedModem:
    """A modem in a thread of its own, for tests at the wire. A context manager."""

    def __init__(self, link: Path, settings: Settings | None = None) -> None:
        self.link = link
        self.events: list[Event] = []
        self._news = threading.Condition()
        self._loop = ModemLoop(link, settings or Settings(), self._note)
        self._thread = threading.Thread(target=self._loop.run, name="simulated-modem", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.wait_for("ready")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.stop()
        self._thread.join(5)

    def _note(self, event: Event) -> None:
        with self._news:
            self.events.append(event)
            self._news.notify_all()

    def order(self, **order: Any) -> Event:
        """Carry out an order as over the control socket. Raises `OrderError`."""
        done: Event = self.ask(lambda world: obey(world, order))
        return done

    def text_from(self, sender: str, text: str) -> None:
        """Let a phone send a text."""
        self.order(**{"do": "text", "from": sender, "text": text})

    def ask(self, question: Callable[[World], Any], timeout_s: float = 5.0) -> Any:
        """Ask (or tell) the world something in its own thread; its answer, or what it raised."""
        answers: list[Any] = []
        errors: list[BaseException] = []
        is_done = threading.Event()

        def act() -> None:
            try:
                answers.append(question(self._loop.world))
            except Exception as error:  # noqa: BLE001 - handed to who asked, in their thread
                errors.append(error)
            is_done.set()

        self._loop.call(act)
        if not is_done.wait(timeout_s):
            raise TimeoutError("the simulated modem does not answer")
        if errors:
            raise errors[0]
        return answers[0]

    def wait_for(self, event: str, timeout_s: float = 10.0, **wanted: Any) -> Event:
        """The first such event with these values, come or to come. Raises `TimeoutError`."""

        def found() -> Event | None:
            wanted_items = {"event": event, **wanted}.items()
            return next((each for each in self.events if wanted_items <= each.items()), None)

        with self._news:
            if not self._news.wait_for(lambda: found() is not None, timeout_s):
                raise TimeoutError(f"no {event} {wanted} among {self.events}")
            match = found()
        assert match is not None
        return match
