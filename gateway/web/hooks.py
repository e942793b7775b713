"""What SMS providers push: `POST /hooks/{channel}/{secret}`, stored before it is answered.

Nobody but who knows a channel's secret learns that there is such a channel. A push that could not
be stored is answered with 500, so that it comes again; one that came before changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Mapping

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response
from starlette.requests import ClientDisconnect

from alerts.channels.base import Receive
from alerts.channels.pushed import BadPushError
from gateway.hooked import NOBODY, Hook

MOST_BYTES = 64 * 1024
"""The longest push that is read: a hundred receipts, as many as come at once, are half of it."""
WITHIN_S = 10.0
"""How long a push may take to arrive."""

logger = logging.getLogger(__name__)


class Hooks:
    """All that may push. `counts` tells how many were taken, refused, not_stored or strangers'."""

    def __init__(
        self, hooks: Iterable[Hook], receive: Receive, counts: Counter[str] | None = None
    ) -> None:
        self._hooks: Mapping[str, Hook] = {hook.channel: hook for hook in hooks}
        self._receive = receive
        self.counts: Counter[str] = Counter() if counts is None else counts

    def routes(self) -> APIRouter:
        """Serve the addresses that are given to providers."""
        router = APIRouter(include_in_schema=False)

        @router.post("/hooks/{channel}/{secret}")
        async def pushed(channel: str, secret: str, request: Request) -> Response:
            hook = self._hooks.get(channel, NOBODY)
            peer = request.client.host if request.client else ""
            if not hook.admits(secret, peer):
                self.counts["strangers"] += 1
                raise HTTPException(404)
            return await self._take(hook, await self._body(request))

        return router

    async def _body(self, request: Request) -> bytes:
        """Read the body, as long as it is neither too long nor too slow."""
        body = bytearray()
        try:
            async with asyncio.timeout(WITHIN_S):
                async for piece in request.stream():
                    body += piece
                    if len(body) > MOST_BYTES:
                        self.counts["refused"] += 1
                        raise HTTPException(413, f"at most {MOST_BYTES} bytes are read")
        except (TimeoutError, ClientDisconnect):
            self.counts["refused"] += 1
            raise HTTPException(408, f"no whole body within {WITHIN_S:.0f} seconds") from None
        return bytes(body)

    async def _take(self, hook: Hook, body: bytes) -> Response:
        """Store each item, then say so in the provider's words."""
        try:
            items = hook.dialect.read(hook.channel, body)
        except BadPushError as error:
            self.counts["refused"] += 1
            logger.warning("a push for %s is refused: %s", hook.channel, error)
            raise HTTPException(400, str(error)) from None
        try:
            for item in items:
                await asyncio.to_thread(self._receive, item)
        except Exception as error:  # noqa: BLE001 - whatever kept it from the disk: it comes again
            self.counts["not_stored"] += 1
            logger.warning("a push for %s was not stored: %s", hook.channel, type(error).__name__)
            return Response(hook.dialect.refused, 500, media_type="application/json")
        self.counts["taken"] += 1
        return Response(hook.dialect.taken, media_type="application/json")
