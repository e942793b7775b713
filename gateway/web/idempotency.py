"""A request that was sent twice is done once: `Idempotency-Key` on writes.

The same key with the same body gets the answer of the first time, for a day; with another body it
is refused. Answers are kept sealed: what they tell of people is nobody's who has the database.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, NamedTuple

from fastapi import Header, Request
from fastapi.responses import JSONResponse
from sqlalchemy import Connection, delete, insert, select

from alerts.tables import micros
from gateway.privacy import GATEWAY, KeyStore
from gateway.registry.tables import idempotency_keys
from gateway.retention import ANSWERS_KEPT
from gateway.web.ports import GatewayActs, GatewayView
from gateway.web.problem import ProblemError

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="The same for each try of one request: it is done once.",
    ),
]


class Said(NamedTuple):
    """An answer."""

    status: int
    content: Any


class Once:
    """Does what comes with a key once."""

    def __init__(self, view: GatewayView, act: GatewayActs) -> None:
        self._view = view
        self._act = act
        self._running: set[str] = set()

    async def do(
        self,
        request: Request,
        by: str,
        given: str | None,
        asked: str,
        work: Callable[[], Awaitable[Said]],
    ) -> JSONResponse:
        """Do the work, or give the answer of the first time. `asked`: a digest of the body.

        Raises `ProblemError`: 422 for a key of another request, 409 while that one runs.
        """
        if given is None:
            return _answer(await work())
        key = _digest(by, request.method, request.url.path, request.url.query, given)
        if key in self._running:
            raise ProblemError(409, "the first request with this key still runs: ask again later")
        self._running.add(key)
        try:
            if (before := self._before(key, asked)) is not None:
                return _answer(before, is_again=True)
            said = await work()
            await self._act.write(
                lambda connection: _keep(
                    connection, self._view.keys, self._view.now(), key, asked, said
                )
            )
        finally:
            self._running.discard(key)
        return _answer(said)

    def _before(self, key: str, asked: str) -> Said | None:
        query = select(idempotency_keys).where(
            idempotency_keys.c.key == key,
            idempotency_keys.c.at > micros(self._view.now() - ANSWERS_KEPT),
        )
        with self._view.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        if row.asked != asked:
            raise ProblemError(422, "this Idempotency-Key came with another body: use a new one")
        return Said(row.status, json.loads(self._view.keys.unseal(GATEWAY, row.answer)))


def digest_of(body: Any) -> str:
    """Return the digest of a body in JSON."""
    return _digest(json.dumps(body, sort_keys=True))


def _keep(
    connection: Connection, keys: KeyStore, now: datetime, key: str, asked: str, said: Said
) -> None:
    table = idempotency_keys
    too_old = table.c.at <= micros(now - ANSWERS_KEPT)
    connection.execute(delete(table).where(too_old | (table.c.key == key)))
    sealed = keys.seal(GATEWAY, json.dumps(said.content))
    values = {"key": key, "asked": asked, "status": said.status, "answer": sealed}
    connection.execute(insert(table).values(**values, at=micros(now)))


def _answer(said: Said, *, is_again: bool = False) -> JSONResponse:
    headers = {"Idempotent-Replayed": "true"} if is_again else None
    return JSONResponse(said.content, said.status, headers)


def _digest(*parts: str) -> str:
    summed = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        summed.update(b"%d:%s" % (len(encoded), encoded))
    return summed.hexdigest()
