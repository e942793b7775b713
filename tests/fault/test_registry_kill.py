"""`kill -9` at any moment of an import leaves all of it in the registry, or nothing."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest

from gateway.registry.columns import Kind
from gateway.serve import listen
from tests.fakes.fault_gateway import GatewayProcess
from tests.fakes.fault_wait import until
from tests.fakes.registry import BUILDING, WORKER, config_of, table

HOMES = 4_000
pytestmark = pytest.mark.slow


def client_of(gateway: GatewayProcess) -> httpx.Client:
    token = gateway.config.token_file.read_text(encoding="ascii").strip()
    return httpx.Client(
        base_url=f"{gateway.config.base_url}/api/v1/registry",
        headers={"Authorization": f"Bearer {token}"},
        timeout=20,
        trust_env=False,
    )


def homes() -> bytes:
    return table(
        Kind.HOMES,
        *(
            {
                "house_code": f"A{n}",
                "building": "nl-3",
                "team": "team-3",
                "address": f"3栋{n}",
                "starts_at": "2026-11-20 10:00",
                "ends_at": "2036-11-20 10:00",
                "residents": "张三",
            }
            for n in range(HOMES)
        ),
    )


def free_port() -> int:
    with listen("127.0.0.1", 0) as taken:
        port: int = taken.getsockname()[1]
        return port


@pytest.mark.parametrize("moment", ["reading", "switching", "at once"])
def test_a_killed_import_is_whole_or_not_there(tmp_path: Path, moment: str) -> None:
    config = config_of(tmp_path, f"[mqtt]\nport = 1\n[web]\nport = {free_port()}\n")
    with GatewayProcess(tmp_path, config) as gateway:
        gateway.start()
        until(lambda: bool(gateway.health()), "the gateway answers", 30)
        with client_of(gateway) as api:
            api.put("/buildings/nl-3", json=BUILDING).raise_for_status()
            api.put("/teams/team-3/worker", json=WORKER).raise_for_status()
            job = api.post("/imports", content=homes()).raise_for_status().json()
            deadline = time.monotonic() + 30
            while moment != "at once" and time.monotonic() < deadline:
                now = api.get(f"/imports/{job['id']}").json()
                if now["stage"] in {moment, "done"} and now["rows"]:
                    break
        gateway.kill()
        found = {
            name: gateway.count(f"SELECT count(*) FROM {name}")
            for name in ("homes", "orders", "residents")
        }
        assert set(found.values()) in ({0}, {HOMES})
        gateway.start()
        until(lambda: bool(gateway.health()), "the gateway answers again", 30)
        assert list((config.data_dir / "imports").iterdir()) == []
        with client_of(gateway) as api:
            job = api.post("/imports", content=homes()).raise_for_status().json()
            ended = lambda: api.get(f"/imports/{job['id']}").json()["stage"] == "done"  # noqa: E731
            until(ended, "the same list is imported", 60)
        assert gateway.count("SELECT count(*) FROM homes") == HOMES
