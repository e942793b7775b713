"""Imports of whole lists: one at a time, each in a process of its own, with progress to look at.

Until the last moment nothing of the registry changes, whatever becomes of the process, the file or
this gateway; then one transaction changes all of it, and the engine's state is read anew.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import sys
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from gateway.registry.columns import Kind
from gateway.registry.service import TRIES, Registry, RegistryError
from gateway.registry.stage import Report
from gateway.registry.staging import Change, OneTimeSeal
from gateway.registry.switch import ConflictError

MOST_BYTES: Final = 256 * 2**20
"""Of one file: a million rows of ten columns as CSV are 150 MB (ours)."""
REMEMBERED: Final = 20
"""Imports whose reports can still be asked for."""
_LINE: Final = 4 * 2**20

logger = logging.getLogger(__name__)


class Stage(StrEnum):
    """How far an import is."""

    READING = "reading"
    """The file is read and compared; nothing has changed."""
    SWITCHING = "switching"
    """All of it is being entered, at once."""
    DONE = "done"
    REFUSED = "refused"
    """Something is wrong with the file; nothing has changed."""
    FAILED = "failed"
    """Something is wrong with the gateway; nothing has changed."""


ENDED: Final = frozenset({Stage.DONE, Stage.REFUSED, Stage.FAILED})


class BusyError(RegistryError):
    """Another import is running."""


@dataclass(slots=True)
class Job:
    """One import."""

    id: str
    actor: str
    dry_run: bool
    started_at: datetime
    stage: Stage = Stage.READING
    rows: int = 0
    done: float = 0.0
    report: Report = field(default_factory=Report)
    problem: str = ""
    ended_at: datetime | None = None
    task: asyncio.Task[None] | None = None

    @property
    def has_ended(self) -> bool:
        """Say whether nothing more comes of it."""
        return self.stage in ENDED


class Imports:
    """Runs them, and remembers the latest."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    def find(self, job: str) -> Job | None:
        """Return one of the latest imports."""
        return self._jobs.get(job)

    def require_free(self, *, dry_run: bool) -> None:
        """Raise `BusyError` while another one runs, `ManagedByFileError` where a file rules."""
        if any(not job.has_ended for job in self._jobs.values()):
            raise BusyError("another import is running: wait for its end")
        if not dry_run:
            self.registry.require_open()

    def begin(self, file: Path, kind: Kind | None, actor: str, *, dry_run: bool) -> Job:
        """Begin to import a file, which is removed at the end. Raises as `require_free`."""
        self.require_free(dry_run=dry_run)
        now = self.registry.clock.now()
        job = Job(secrets.token_hex(8), actor, dry_run, now)
        self._jobs[job.id] = job
        while len(self._jobs) > REMEMBERED:
            self._jobs.popitem(last=False)
        job.task = asyncio.ensure_future(self._run(job, file, kind))
        return job

    async def close(self) -> None:
        """End what runs; nothing of it is entered, unless it is being switched already."""
        running = [job.task for job in self._jobs.values() if job.task and not job.has_ended]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _run(self, job: Job, file: Path, kind: Kind | None) -> None:
        try:
            for _ in range(TRIES):
                with suppress(ConflictError):
                    await self._stage_and_switch(job, file, kind)
                    break
            else:
                job.stage, job.problem = Stage.REFUSED, "others keep changing the same entries"
        except RegistryError as error:
            job.stage, job.problem = Stage.REFUSED, str(error)
        except Exception as error:
            # At the edge of its task: whoever asks for the job is told, and the log knows why.
            logger.exception("an import failed")
            job.stage, job.problem = Stage.FAILED, f"nothing was changed ({type(error).__name__})"
        finally:
            job.ended_at = self.registry.clock.now()
            if not job.has_ended:
                job.stage, job.problem = Stage.FAILED, "the gateway was stopped"
            file.unlink(missing_ok=True)

    async def _stage_and_switch(self, job: Job, file: Path, kind: Kind | None) -> None:
        staging, seal = self.registry.new_file(".staging"), OneTimeSeal()
        try:
            await self._stage(job, file, kind, staging, seal)
            report = job.report
            if not report.is_good:
                job.stage = Stage.REFUSED
            elif job.dry_run or not (report.counts[Change.NEW] or report.counts[Change.UPDATED]):
                job.stage = Stage.DONE
            else:
                job.stage = Stage.SWITCHING
                await self.registry.take_over(staging, seal, report, job.actor)
                job.stage = Stage.DONE
        finally:
            staging.unlink(missing_ok=True)

    async def _stage(
        self, job: Job, file: Path, kind: Kind | None, staging: Path, seal: OneTimeSeal
    ) -> None:
        """Let a process of its own read the file."""
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "gateway.registry.child",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LINE,
        )
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            asked = self._asked(file, kind, staging, seal)
            child.stdin.write(json.dumps(asked).encode() + b"\n")
            with suppress(ConnectionError):
                await child.stdin.drain()
            job.stage, is_told = Stage.READING, False
            async for line in child.stdout:
                is_told = _take_word(job, json.loads(line)) or is_told
            if await child.wait() != 0 or not is_told:
                raise RegistryError(
                    "the file took more memory or time than an import may, or could not be read:"
                    " split it into several files"
                )
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
            child.stdin.close()

    def _asked(
        self, file: Path, kind: Kind | None, staging: Path, seal: OneTimeSeal
    ) -> Mapping[str, Any]:
        config = self.registry.config
        return {
            "file": str(file),
            "kind": kind,
            "database": str(config.database_file),
            "staging": str(staging),
            "keys": str(config.keys_file),
            "seal": seal.key.hex(),
            "zone": config.policy.timezone,
            "now": self.registry.clock.now().isoformat(),
        }


def _take_word(job: Job, said: Mapping[str, Any]) -> bool:
    """Note what the process says; say whether it was its report."""
    if "report" in said:
        job.report = Report.of_json(said["report"])
        job.rows, job.done = job.report.rows, 1.0
        return True
    job.rows, job.done = int(said["rows"]), float(said["done"])
    return False
