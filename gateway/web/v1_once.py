"""Making something by the API: done once for each `Idempotency-Key`, and answered by a model."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, NamedTuple

from fastapi import Depends, Request, Response
from pydantic import BaseModel

from gateway.accounts.rights import Account
from gateway.web.account_caller import By
from gateway.web.idempotency import Key, Once, Said, digest_of

CREATED = 201


class Trial(NamedTuple):
    """One try of a request: who asks, and by which key it is known again."""

    request: Request
    by: Account
    key: str | None

    async def make(
        self, once: Once, asked: BaseModel | None, work: Callable[[], Awaitable[BaseModel]]
    ) -> Response:
        """Make something, or give the answer of the first time. Raises `ProblemError`."""

        async def said() -> Said:
            return Said(CREATED, (await work()).model_dump(mode="json"))

        body = digest_of(asked.model_dump(mode="json") if asked else None)
        return await once.do(self.request, self.by.id, self.key, body, said)


def _trial(request: Request, by: By, key: Key = None) -> Trial:
    return Trial(request, by, key)


Try = Annotated[Trial, Depends(_trial)]
"""In a router that `Callers.having` guards."""
