"""Accounts over the API: for who may make them everywhere, with an answer to each mistake."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, HTTPException

from devices.provisioning import short_code
from gateway.accounts.rights import EVERYWHERE, MACHINE, Account, Kind, Role
from gateway.provisioning.api import routes
from gateway.provisioning.service import Provisioning
from gateway.web import account_caller
from gateway.web.idempotency import Once
from tests.fakes.accounts import Access

SERVICE = Account("s1", "dispatch-screen", Role.ADMINISTRATOR, Kind.SERVICE)


class Callers(account_caller.Callers):
    """Knows two tokens; notes what was demanded, and refuses a service that asks for it."""

    def __init__(self) -> None:
        self.demanded: list[tuple[Any, ...]] = []
        self.refuses = False

    def known(self, authorization: str | None) -> Account:
        found = {"Bearer m": MACHINE, "Bearer s": SERVICE}.get(authorization or "")
        if found is None:
            raise HTTPException(401)
        return found

    def require_pace(self, account: Account) -> None:
        """Any."""

    async def demand(self, account: Account, *asked: Any) -> None:
        self.demanded.append(asked)
        if self.refuses:
            raise HTTPException(403, "no such right")


class Kept:
    """Where answers are kept: in the gateway's own database."""

    def __init__(self, service: Provisioning) -> None:
        self.keys, self.now = service.keys, service.clock.now
        self.read, self.write = service.database.read, service.writer.run


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[tuple[httpx.AsyncClient, Callers]]:
    callers = Callers()
    async with Access(tmp_path) as service:
        app = FastAPI()
        app.include_router(routes(service, callers, Once(Kept(service), Kept(service))))  # type: ignore[arg-type]
        transport = httpx.ASGITransport(app)
        headers = {"Authorization": "Bearer m"}
        url = "http://gateway/api/v1/broker"
        async with httpx.AsyncClient(transport=transport, base_url=url, headers=headers) as client:
            yield client, callers


Api = tuple[httpx.AsyncClient, Callers]

CALLS = [
    ("GET", "/devices"),
    ("POST", "/devices"),
    ("POST", "/devices/door-1/rotate"),
    ("POST", "/devices/door-1/certificate"),
    ("POST", "/devices/door-1/revoke"),
    ("GET", "/bridges"),
    ("POST", "/bridges"),
    ("POST", "/bridges/east/revoke"),
    ("POST", "/sync"),
    ("POST", "/renewed"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_nothing_is_answered_without_the_right_to_provision_everywhere(
    api: Api, method: str, path: str
) -> None:
    client, callers = api
    body = {"actor": "x", "devices": ["door-1"]} if path == "/devices" else {"actor": "x"}
    body |= {"bridge": "b", "bases": ["z"]} if path == "/bridges" else {}
    asked = {"json": body} if method == "POST" else {}
    stranger = await client.request(method, path, headers={"Authorization": "Bearer x"}, **asked)  # type: ignore[arg-type]
    assert stranger.status_code == 401
    callers.refuses = True
    service = {"Authorization": "Bearer s"}
    refused = await client.request(method, path, headers=service, **asked)  # type: ignore[arg-type]
    assert refused.status_code == 403
    assert callers.demanded == [("provision", EVERYWHERE)]


async def test_a_service_cannot_say_that_somebody_else_did_it(api: Api) -> None:
    client, _ = api
    await client.post("/devices", json={"devices": ["door-1"], "actor": "chen"})
    forged = {"devices": ["door-2"], "actor": "chen"}
    await client.post("/devices", json=forged, headers={"Authorization": "Bearer s"})
    listed = (await client.get("/devices")).json()["items"]
    assert {each["owner"]: each["made_by"] for each in listed} == {
        "door-1": "chen",
        "door-2": "dispatch-screen",
    }
    assert "password" not in listed[0]
    assert "hash" not in listed[0]


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/devices", {"devices": ["a/#"]}, 422, "no device id"),
        ("/devices", {"devices": []}, 422, "at least 1"),
        ("/devices", {"devices": ["door-1"] * 2}, 409, "twice"),
        ("/devices/door-9/rotate", {}, 409, "menshen device add door-9"),
        ("/devices/door-9/rotate", {"grace_s": -1}, 422, "greater than"),
        ("/devices/door-9/revoke", {}, 409, "no account"),
        ("/devices/door-9/certificate", {}, 409, "menshen init --tls"),
        ("/bridges", {"bridge": "b", "bases": ["menshen/v1"]}, 422, "own devices speak"),
        ("/bridges", {"bridge": "b", "bases": ["#"]}, 422, "no base topic"),
        ("/bridges", {"bridge": "b", "bases": []}, 422, "at least 1"),
        ("/bridges", {"bridge": "+", "bases": ["z"]}, 422, "names no bridge"),
    ],
)
async def test_a_mistake_is_answered_with_what_is_wanted(
    api: Api, path: str, body: dict[str, Any], status: int, said: str
) -> None:
    client, _ = api
    answer = await client.post(path, json={"actor": "chen", **body})
    assert (answer.status_code, said in answer.text) == (status, True), answer.text


async def test_a_device_is_found_by_what_its_label_says(api: Api) -> None:
    client, _ = api
    await client.post("/devices", json={"devices": ["door-1", "door-2"], "actor": "chen"})
    typed = short_code("door-2").lower().replace("-", "")
    found = (await client.get("/devices", params={"code": typed})).json()["items"]
    assert [each["owner"] for each in found] == ["door-2"]
    assert (await client.get("/devices", params={"code": "0000-0000-1"})).json()["items"] == []
