"""The API about texts: each channel as it stands, what goes out and comes in, tests, the ledger."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Response

from gateway.web import told_sms
from gateway.web.account_caller import Callers
from gateway.web.asked import Moment, Trial
from gateway.web.idempotency import Once
from gateway.web.ports import GatewayActs, GatewayView
from gateway.web.problem import responses
from gateway.web.sms_shapes import LedgerLine, TestBegun, TestShown, TextsNow
from gateway.web.told import Told
from gateway.web.v1 import V1, Key, Page, Turned
from gateway.web.v1_once import CREATED, Try

REFUSED = 409


def routes(view: GatewayView, act: GatewayActs, callers: Callers, once: Once) -> APIRouter:
    """Serve it, to the machine's own token alone: it tells of all areas."""
    router = APIRouter(
        prefix=f"{V1}/sms", tags=["texts"], dependencies=[Depends(callers.machine())]
    )

    @router.get("", response_model=TextsNow)
    def watch_texts() -> Told:
        """Show how each channel stands, what waits, and the last texts."""
        return told_sms.frame(view)

    @router.get("/ledger", response_model=Page[LedgerLine])
    def show_ledger(since_at: Annotated[Moment, Query()], turned: Turned) -> Told:
        """Show what was sent since then, by local day, team and channel."""
        with view.read() as connection:
            return turned.cut(told_sms.ledger_lines(connection, view, since_at), _line)

    @router.post(
        "/tests", status_code=CREATED, response_model=TestBegun, responses=responses(REFUSED)
    )
    async def send_test(asked: Trial, made: Try) -> Response:
        """Send a test text."""

        async def work() -> TestBegun:
            begun = await act.begin_trial(asked.number, asked.channel)
            if begun.refused:
                raise HTTPException(REFUSED, begun.refused)
            return TestBegun(id=begun.id, channel=begun.channel, text=f"over {begun.channel}")

        return await made.make(once, asked, work)

    @router.get("/tests/{token}", response_model=TestShown, responses=responses(404))
    def show_test(token: Annotated[str, Path(max_length=40)]) -> Told:
        """Show how far a test text has come."""
        is_under_way = act.is_trial_under_way(token)  # asked first: it is on record before it ends
        with view.read() as connection:
            told = told_sms.trial(connection, token, act.ended_trial(token))
        if told is None and is_under_way:
            return {"state": "sending", "reason": "begun"}
        if told is None:
            raise HTTPException(404, f"there is no test {token}")
        return told

    return router


def _line(told: Told) -> Key:
    """Return what the ledger is ordered by."""
    return str(told["day"]), told["team"], told["channel"]
