"""`/api/v1/registry`: whole lists, brought in and taken out."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.background import BackgroundTask

from gateway.accounts.rights import EVERYWHERE, MACHINE, Account, Right
from gateway.accounts.turn import Turn
from gateway.audit.chain import Action
from gateway.masking import LONGEST_REASON, SHORTEST_REASON, unmask
from gateway.registry.columns import Kind
from gateway.registry.export import MEDIA, Format, write
from gateway.registry.imports import MOST_BYTES, Imports, Job, Stage
from gateway.registry.listing import Listing
from gateway.registry.service import Registry, RegistryError
from gateway.registry.stage import Report
from gateway.registry.staging import Change
from gateway.web.account_caller import By, Callers, told
from gateway.web.asked import Ref
from gateway.web.idempotency import Key, Once, Said
from gateway.web.ports import GatewayView
from gateway.web.problem import Mistake, ProblemError, responses

_UPLOAD: Final = {
    "requestBody": {
        "required": True,
        "description": "The file as it is: CSV or XLSX.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {media: {} for media in MEDIA.values()}, "description": "A file"}
}


class Progress(BaseModel):
    """An import, how far it is, and what it found."""

    id: str
    kind: str = Field(description="Of the list; empty until its headings were read.")
    stage: Stage
    dry_run: bool
    rows: int = Field(description="Read so far.")
    done: float = Field(description="How much of the file that is, 0 to 1.")
    new: int
    updated: int
    unchanged: int
    repeated: int = Field(description="Rows that say again what one before them said.")
    problem_count: int
    problems: list[Mistake] = Field(description="The first 500.")
    passed_over: list[str] = Field(description="Headings that name no column.")
    detail: str = Field(description="Why nothing was changed.")
    started_at: datetime
    ended_at: datetime | None


class Wanted(BaseModel):
    """A list to be taken out."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    format: Format = Format.CSV
    language: Literal["zh", "en"] = "zh"
    unmask: Annotated[bool, Field(strict=True)] = False
    why: Annotated[str, Field(max_length=LONGEST_REASON)] = ""


def routes(imports: Imports, callers: Callers, view: GatewayView, once: Once) -> APIRouter:
    """Serve imports and exports."""
    router = APIRouter()
    _imports(router, imports, callers, once)
    _exports(router, imports.registry, callers, view)
    return router


def may(callers: Callers, right: Right) -> Any:
    """Return a dependency that lets in who has a right."""
    return Depends(callers.having(right))


def refused(error: RegistryError) -> ProblemError:
    """Return what is answered where the registry cannot be changed now."""
    return ProblemError(409, str(error))


def mistakes(report: Report) -> list[Mistake]:
    """Return what is wrong, for an answer."""
    return [
        Mistake(row=each.row or None, column=each.column, wrong=each.wrong, instead=each.instead)
        for each in report.problems
    ]


def _imports(router: APIRouter, imports: Imports, callers: Callers, once: Once) -> None:
    allowed = [may(callers, Right.REGISTER)]

    @router.post(
        "/imports",
        status_code=202,
        dependencies=allowed,
        response_model=Progress,
        responses=responses(409),
        openapi_extra=_UPLOAD,
    )
    async def begin_import(
        request: Request,
        by: By,
        kind: Annotated[Kind | None, Query(description="If the headings do not say it.")] = None,
        dry_run: Annotated[
            bool, Query(description="Say what would be, and change nothing.")
        ] = False,
        key: Key = None,
    ) -> Response:
        """Begin to import a list: all of it is entered, or nothing."""
        await callers.demand(by, Right.REGISTER, EVERYWHERE)
        try:
            imports.require_free(dry_run=dry_run)
        except RegistryError as error:
            raise refused(error) from None
        file = imports.registry.new_file(".upload")
        try:
            digest = await _receive(request.stream(), file)

            async def work() -> Said:
                try:
                    job = imports.begin(file, kind, by.login, dry_run=dry_run)
                except RegistryError as error:
                    raise refused(error) from None
                return Said(202, _progress(job).model_dump(mode="json"))

            answer = await once.do(request, by.id, key, digest, work)
        except BaseException:
            file.unlink(missing_ok=True)
            raise
        if "Idempotent-Replayed" in answer.headers:
            file.unlink(missing_ok=True)
        return answer

    @router.get("/imports/{job}", dependencies=allowed)
    def show_import(job: Ref) -> Progress:
        """Say how far an import is, and at its end what was wrong or entered."""
        found = imports.find(job)
        if found is None:
            raise ProblemError(404, "no such import since the gateway started: begin it again")
        return _progress(found)


async def _receive(chunks: AsyncIterator[bytes], path: Path) -> str:
    """Write an upload to a file; return its digest. Raises 413 and 422."""
    summed, size = hashlib.sha256(), 0
    path.touch(0o600)
    with path.open("wb") as file:
        async for chunk in chunks:
            size += len(chunk)
            if size > MOST_BYTES:
                most = f"{MOST_BYTES // 2**20} MiB"
                raise ProblemError(413, f"a file has at most {most}: split it into several")
            summed.update(chunk)
            await asyncio.to_thread(file.write, chunk)
    if size == 0:
        raise ProblemError(422, "the file is empty")
    return summed.hexdigest()


def _progress(job: Job) -> Progress:
    report = job.report
    counts = {change.value: report.counts[change] for change in Change}
    return Progress(
        id=job.id,
        kind=report.kind,
        stage=job.stage,
        dry_run=job.dry_run,
        rows=job.rows,
        done=job.done,
        **counts,
        problem_count=report.problem_count,
        problems=mistakes(report),
        passed_over=list(report.passed_over),
        detail=job.problem,
        started_at=job.started_at,
        ended_at=job.ended_at,
    )


def _exports(router: APIRouter, registry: Registry, callers: Callers, view: GatewayView) -> None:
    @router.post(
        "/exports",
        dependencies=[may(callers, Right.EXPORT)],
        response_class=FileResponse,
        responses=_FILE,
    )
    async def export_list(asked: Wanted, by: By) -> FileResponse:
        """Write a list, masked; in full only with a reason, which is audited."""
        subject, in_full = f"registry:{asked.kind}", asked.unmask
        refusal = await callers.office.turn(
            by, lambda turn: why_not_out(turn, by, subject, asked.why, in_full=in_full)
        )
        if refusal is not None:
            raise refusal
        path = registry.new_file(f".{asked.format}")
        await asyncio.to_thread(_write, registry, asked, by.area, path)
        name = f"{asked.kind}-{view.now():%Y%m%d}.{asked.format}"
        done = BackgroundTask(path.unlink, missing_ok=True)
        return FileResponse(path, media_type=MEDIA[asked.format], filename=name, background=done)


def why_not_out(
    turn: Turn, by: Account, subject: str, said: str, *, in_full: bool
) -> ProblemError | None:
    """Return why something is not taken out; None where it is, and that is audited."""
    why = " ".join(said.split())
    if not in_full:
        turn.note(Action.EXPORTED, subject, why)
    elif len(why) < SHORTEST_REASON:
        what = "is missing or says too little"
        wrong = Mistake(row=None, column="why", wrong=what, instead="核对送餐地址")
        return ProblemError(422, "say why it is to be shown in full", [wrong])
    elif by is MACHINE:
        turn.note(Action.UNMASKED, subject, why)
    elif refusal := unmask(turn, (by.area,) if by.area else EVERYWHERE, subject, why):
        return ProblemError(403, told(refusal))
    return None


def _write(registry: Registry, asked: Wanted, area: str, path: Path) -> None:
    with registry.database.read() as connection:
        listing = Listing(
            connection, registry.keys, registry.index, registry.zone, area, not asked.unmask
        )
        write(path, asked.kind, listing.every(asked.kind), asked.format, asked.language)
