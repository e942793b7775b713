"""The API about texts: each channel as it stands, what goes out and comes in, tests, the ledger."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import AwareDatetime

from gateway.web import told_sms
from gateway.web.asked import Trial
from gateway.web.guard import only_with
from gateway.web.ports import GatewayActs, GatewayView
from gateway.web.told import Told

REFUSED = 409


def routes(view: GatewayView, act: GatewayActs) -> APIRouter:
    """Serve it."""
    router = APIRouter(prefix="/api/sms", dependencies=only_with(view.token))

    @router.get("")
    def watch() -> Told:
        return told_sms.frame(view)

    @router.get("/ledger")
    def ledger(since_at: Annotated[AwareDatetime, Query()]) -> list[Told]:
        with view.read() as connection:
            return told_sms.ledger_lines(connection, view, since_at)

    @router.post("/tests")
    async def test(asked: Trial) -> Told:
        begun = await act.begin_trial(asked.number, asked.channel)
        if begun.refused:
            raise HTTPException(REFUSED, begun.refused)
        return {"id": begun.id, "channel": begun.channel, "text": f"over {begun.channel}"}

    @router.get("/tests/{token}")
    def tested(token: str) -> Told:
        with view.read() as connection:
            told = told_sms.trial(connection, token, act.ended_trial(token))
        if told is None:
            raise HTTPException(404, f"there is no test {token}")
        return told

    return router
