"""A gateway that runs takes lists and entries, and watches what they name from then on."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection

from devices.decode import decode
from devices.registry import standard
from gateway.app import Running, running
from gateway.pipeline import Entry
from gateway.registry.columns import Kind
from gateway.web.problem import MEDIA
from tests.fakes.registry import BUILDING, CODE, HOME, WORKER, config_of, table

DEVICE = "door-7f3a"
OPEN = b'{"boot":"b1","seq":1,"kind":"door","state":"open"}'
OTHER = "440307006031204"


class Api(httpx.AsyncClient):
    """The API of one gateway, and that gateway."""

    gateway: Running

    async def bring(self, content: bytes, **asked: str) -> dict[str, Any]:
        """Import a list; return its report."""
        job = (await self.post("/imports", content=content, params=asked)).json()
        while job["ended_at"] is None:
            await asyncio.sleep(0.02)
            job = (await self.get(f"/imports/{job['id']}")).json()
        return dict(job)

    async def enter_a_home(self) -> None:
        """Enter building, team and home."""
        for path, entry in (
            ("/buildings/nl-3", BUILDING),
            ("/teams/team-3/worker", WORKER),
            (f"/homes/{CODE}", HOME),
        ):
            assert (await self.put(path, json=entry)).status_code == 201

    async def state(self) -> Any:
        """What the engine knows, looked at on its own thread."""
        pipeline = self.gateway.desk.pipeline
        return await self.gateway.desk.writer.run_turn(lambda _: pipeline.state)


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    config = config_of(tmp_path, f"[mqtt]\nport = 1\n[web]\nport = {port}\n")
    token = config.token_file.read_text(encoding="ascii").strip()
    async with (
        running(config, listening=listening) as gateway,
        Api(
            base_url=f"http://127.0.0.1:{port}/api/v1/registry",
            headers={"Authorization": f"Bearer {token}"},
            timeout=20,
            trust_env=False,
        ) as client,
    ):
        client.gateway = gateway
        yield client


async def test_a_device_that_was_imported_is_watched_from_then_on(api: Api) -> None:
    await api.enter_a_home()
    report = await api.bring(table(Kind.DEVICES, {"device": DEVICE, "house_code": CODE}))
    assert (report["stage"], report["new"], report["done"]) == ("done", 1, 1.0)
    pipeline, now = api.gateway.desk.pipeline, datetime.now(UTC)
    heard = decode(f"menshen/v1/{DEVICE}/event", OPEN, retained=False, registry=standard())

    def hear(connection: Connection) -> None:
        observations = getattr(heard, "observations", ())
        assert observations
        pipeline.apply(connection, [Entry(1, now, observations)], 1, now)

    await api.gateway.desk.writer.run_turn(hear)
    state = await api.state()
    assert state.devices[DEVICE].info.watch in state.watches
    assert state.devices[DEVICE].heard_at == now


async def test_one_entry_reaches_the_engine_without_reading_all_again(api: Api) -> None:
    await api.enter_a_home()
    before = await api.state()
    assert (await api.put(f"/devices/{DEVICE}", json={"house_code": CODE})).status_code == 201
    assert (await api.put(f"/homes/{CODE}", json={"address": "改了"})).status_code == 200
    after = await api.state()
    assert after is before
    (watch,) = after.watches.values()
    assert (watch.address, watch.devices) == ("改了", (DEVICE,))
    assert after.devices[DEVICE].info.watch == watch.id
    gone = {"device": DEVICE, "state": "removed"}
    assert (await api.post("/device-states", json=gone)).status_code == 200
    assert DEVICE not in after.devices
    assert next(iter(after.watches.values())).devices == ()


async def test_an_import_that_is_refused_says_each_row(api: Api) -> None:
    await api.enter_a_home()
    row = {"house_code": OTHER, **HOME}
    report = await api.bring(table(Kind.HOMES, row, {**row, "house_code": "A2", "team": "x"}))
    assert (report["stage"], report["problem_count"]) == ("refused", 1)
    assert report["problems"][0]["row"] == 3
    assert (await api.get(f"/homes/{OTHER}")).status_code == 404


async def test_a_wrong_entry_is_a_problem_that_says_what_to_mend(api: Api) -> None:
    answer = await api.put(f"/homes/{CODE}", json=HOME)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == MEDIA
    assert {each["column"] for each in answer.json()["errors"]} == {"building", "team"}


async def test_the_same_key_does_a_thing_once_and_only_that_thing(api: Api) -> None:
    key = {"Idempotency-Key": "k1"}
    first = await api.put("/buildings/b", json={"name": "一栋"}, headers=key)
    again = await api.put("/buildings/b", json={"name": "一栋"}, headers=key)
    other = await api.put("/buildings/b", json={"name": "二栋"}, headers=key)
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json() == {"change": "new"}
    assert (await api.get("/buildings/b")).json()["entry"]["name"] == "一栋"


async def test_a_list_is_turned_over_page_by_page(api: Api) -> None:
    rows = [{"id": f"b-{n:02}", "name": f"{n}栋"} for n in range(25)]
    await api.bring(table(Kind.BUILDINGS, *rows))
    seen: list[str] = []
    url, pages = "/buildings?limit=10", 0
    while url:
        page = (await api.get(url)).raise_for_status().json()
        seen += [each["id"] for each in page["items"]]
        url, pages = (page["next"] or "").replace("/api/v1/registry", ""), pages + 1
    assert (seen, pages) == ([row["id"] for row in rows], 3)


async def test_people_are_masked_unless_a_reason_is_given_and_kept(api: Api) -> None:
    await api.enter_a_home()
    shown = (await api.get(f"/homes/{CODE}")).text
    assert "张三" not in shown
    assert "13900000002" not in shown
    asked = {"kind": "homes", "unmask": True}
    assert (await api.post("/exports", json=asked)).status_code == 422
    full = await api.post("/exports", json={**asked, "why": "核对送餐地址"})
    assert "张三" in full.text
    with api.gateway.desk.read() as connection:
        audited = connection.exec_driver_sql("SELECT action FROM audit").fetchall()
    assert ("unmasked",) in [tuple(row) for row in audited]


async def test_nobody_without_a_token_learns_anything(api: Api) -> None:
    del api.headers["Authorization"]
    for path in ("/homes", f"/homes/{CODE}", "/imports/x"):
        answer = await api.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (401, MEDIA)


async def test_two_imports_at_once_are_refused(api: Api) -> None:
    content = table(Kind.BUILDINGS, {"id": "b", "name": "一栋"})
    first, second = await asyncio.gather(
        api.post("/imports", content=content), api.post("/imports", content=content)
    )
    assert sorted([first.status_code, second.status_code]) == [202, 409]


async def test_nothing_is_left_of_an_import(api: Api) -> None:
    await api.bring(table(Kind.BUILDINGS, {"id": "b", "name": "一栋"}))
    await api.post("/exports", json={"kind": "buildings"})
    assert list((api.gateway.desk.config.data_dir / "imports").iterdir()) == []
