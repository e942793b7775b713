"""The truth about homes is the file, until the registry is adopted; then the registry."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest

from gateway.app import running
from gateway.config import load
from gateway.db import Database
from gateway.init import init
from gateway.privacy import KeyStore
from gateway.register import Register
from gateway.registry.truth import is_registry_of
from tests.fakes.registry import NOW


@pytest.fixture
def register(tmp_path: Path) -> Register:
    init(tmp_path / "menshen.toml")
    config = load(tmp_path / "menshen.toml")
    return Register(config, KeyStore.open(config.keys_file), lambda: NOW)


def take_in(register: Register, *, adopts: bool = False) -> int:
    database = Database(register.config.database_file)
    database.migrate()
    try:
        with database.writer() as connection, connection.begin():
            register.take_in(connection)
            if adopts:
                register.adopt(connection)
            return len(register.load(connection).watches)
    finally:
        database.close()


def test_a_file_is_the_truth_until_the_registry_is_adopted(register: Register) -> None:
    homes = take_in(register, adopts=True)
    assert homes > 0
    assert is_registry_of(register.config)
    register.config.homes_file.write_text("nonsense = 1\n")
    assert take_in(register) == homes
    assert register.problem == ""
    assert not register.is_managed_by_file


def test_devices_of_a_file_are_in_service_and_bound_where_they_hang(register: Register) -> None:
    take_in(register)
    database = Database(register.config.database_file)
    with database.read() as connection:
        devices = connection.exec_driver_sql("SELECT count(*) FROM devices").scalar_one()
        bound = connection.exec_driver_sql(
            "SELECT count(*) FROM bindings JOIN equipment USING (device)"
            " WHERE until_at IS NULL AND state = 'in_service'"
        ).scalar_one()
    database.close()
    assert devices == bound > 0


async def test_while_a_file_is_the_truth_the_registry_refuses_and_says_how_to_go_on(
    tmp_path: Path,
) -> None:
    init(tmp_path / "menshen.toml")
    listening = socket.create_server(("127.0.0.1", 0))
    config = load(tmp_path / "menshen.toml")
    token = config.token_file.read_text(encoding="ascii").strip()
    port = listening.getsockname()[1]
    async with (
        running(config, listening=listening),
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}/api/v1/registry",
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
            timeout=20,
        ) as api,
    ):
        refused = await api.put("/buildings/b", json={"name": "一栋"})
        assert refused.status_code == 409
        assert "homes.toml" in refused.json()["detail"]
        assert "menshen registry adopt" in refused.json()["detail"]
        assert (await api.post("/adopt")).json()["is_managed_by_file"] is False
        assert (await api.put("/buildings/b", json={"name": "一栋"})).status_code == 201
