"""The port is open from the start; the web server comes with the first request."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys

import pytest

from gateway.serve import PortTakenError, first_free, listen, serve_when_asked


async def test_nothing_is_loaded_until_somebody_asks_and_then_they_are_answered() -> None:
    listening = listen("127.0.0.1", 0)
    loaded: list[str] = []

    async def greet(port: socket.socket) -> None:
        connection, _ = await asyncio.get_running_loop().sock_accept(port)
        connection.sendall(b"here")
        connection.close()

    def load() -> object:
        loaded.append("loaded")
        return greet

    server = asyncio.create_task(serve_when_asked(load, listening))  # type: ignore[arg-type]
    for _ in range(10):
        await asyncio.sleep(0)
    assert loaded == []
    reader, writer = await asyncio.open_connection(*listening.getsockname())
    assert await reader.read() == b"here"
    assert loaded == ["loaded"]
    writer.close()
    await server
    listening.close()


def test_a_port_that_is_taken_is_refused_by_name_and_the_next_one_is_found() -> None:
    first = listen("127.0.0.1", 0)
    port = first.getsockname()[1]
    with pytest.raises(PortTakenError, match=str(port)):
        listen("127.0.0.1", port)
    second = first_free("127.0.0.1", port)
    assert second.getsockname()[1] > port
    first.close()
    second.close()


def test_a_gateway_that_nobody_looks_at_loads_no_web_server() -> None:
    heavy = "fastapi", "pydantic", "uvicorn", "httpx", "alembic", "typer", "rich"
    script = f"import sys, gateway.__main__; print([m for m in {heavy} if m in sys.modules])"
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"
