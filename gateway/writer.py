"""The writer thread: the only one that writes, and the one that reads the broker's socket.

It alternates between its pumps (intake, timers) and jobs that other threads hand it. Nothing polls:
it sleeps in one `select` over the broker's socket and its own wake-up pipe.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from selectors import EVENT_READ, BaseSelector, DefaultSelector
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from gateway.db import Database

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Pump(Protocol):
    """Work that the writer thread does again and again."""

    def start(self, connection: Connection, selector: BaseSelector) -> None:
        """Begin; file descriptors registered with the selector wake the thread."""
        ...

    def pump(self, connection: Connection) -> float:
        """Do what is due now; return the seconds until it wants to be called again."""
        ...

    def stop(self, connection: Connection) -> None:
        """End; nothing is called after it."""
        ...


class WriterStoppedError(Exception):
    """The job was not run: the writer thread has ended."""


class Writer:
    """Runs pumps and jobs, one after the other, on its own thread."""

    def __init__(
        self,
        database: Database,
        *pumps: Pump,
        on_failure: Callable[[BaseException], None] | None = None,
    ) -> None:
        self._database = database
        self._pumps = pumps
        self._on_failure = on_failure
        self._jobs: deque[tuple[Future[Any], Callable[[Connection], Any]]] = deque()
        self._started: Future[None] = Future()
        self._lock = threading.Lock()  # guards the two flags and what follows from them
        self._is_closing = False
        self._has_ended = False
        self._woken, self._wakes = socket.socketpair()
        self._woken.setblocking(False)
        self._wakes.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="writer")

    def start(self) -> Future[None]:
        """Start the thread. The future is done once every pump has started, or says why not."""
        self._thread.start()
        return self._started

    def close(self, timeout_s: float = 10.0) -> None:
        """Run the jobs that wait, stop the pumps and end the thread."""
        with self._lock:
            self._is_closing = True
        self._wake()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        if not self._thread.is_alive():
            self._woken.close()
            self._wakes.close()

    def call(self, job: Callable[[Connection], T]) -> Future[T]:
        """Run a job in a transaction of its own: committed as it returns, undone if it raises."""

        def in_transaction(connection: Connection) -> T:
            with connection.begin():
                return job(connection)

        return self.turn(in_transaction)

    def turn(self, job: Callable[[Connection], T]) -> Future[T]:
        """Run a job that begins and commits its own transactions, as those of the pipeline do."""
        future: Future[T] = Future()
        with self._lock:
            if self._has_ended:
                raise WriterStoppedError("the writer thread has ended")
            self._jobs.append((future, job))
        self._wake()
        return future

    async def run(self, job: Callable[[Connection], T]) -> T:
        """`call` for asyncio."""
        return await asyncio.wrap_future(self.call(job))

    async def run_turn(self, job: Callable[[Connection], T]) -> T:
        """`turn` for asyncio."""
        return await asyncio.wrap_future(self.turn(job))

    def _wake(self) -> None:
        try:
            self._wakes.send(b"\0")
        except BlockingIOError:
            pass  # it has been woken often enough already
        except OSError:
            logger.debug("woken after its end")

    def _run(self) -> None:
        failure: BaseException | None = None
        try:
            with self._database.writer() as connection, DefaultSelector() as selector:
                selector.register(self._woken, EVENT_READ)
                for pump in self._pumps:
                    pump.start(connection, selector)
                self._started.set_result(None)
                self._alternate(connection, selector)
                for pump in self._pumps:
                    pump.stop(connection)
        except BaseException as error:
            logger.exception("the writer thread failed")
            failure = error
        finally:
            self._end(failure)

    def _alternate(self, connection: Connection, selector: BaseSelector) -> None:
        while True:
            self._run_jobs(connection)
            if self._is_closing and not self._jobs:
                return
            wait_s = min((pump.pump(connection) for pump in self._pumps), default=60.0)
            if self._jobs:
                wait_s = 0.0
            for key, _ in selector.select(max(0.0, wait_s)):
                if key.fileobj is self._woken:
                    self._woken.recv(4096)

    def _run_jobs(self, connection: Connection) -> None:
        for _ in range(len(self._jobs)):
            future, job = self._jobs.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = job(connection)
            except BaseException as error:  # noqa: BLE001  # it belongs to whoever asked
                future.set_exception(error)
            else:
                future.set_result(result)

    def _end(self, failure: BaseException | None) -> None:
        with self._lock:
            self._has_ended = True
        if not self._started.done():
            self._started.set_exception(failure or WriterStoppedError("closed before its start"))
        for future, _ in self._jobs:
            future.set_exception(WriterStoppedError("the writer thread ended before this job"))
        self._jobs.clear()
        if failure is not None and self._on_failure is not None:
            self._on_failure(failure)
