"""Calls go out while the gateway is well, and stop when it is not."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from gateway.heartbeat import Heartbeat, notify_systemd

NOW = datetime(2026, 11, 21, tzinfo=UTC)


class Calls:
    """An outside address that remembers who called, or is down."""

    def __init__(self, is_down: bool = False) -> None:
        self.made: list[str] = []
        self.is_down = is_down

    async def __call__(self, url: str) -> None:
        if self.is_down:
            raise httpx.ConnectError("no route")
        self.made.append(url)


async def test_a_gateway_that_is_well_calls() -> None:
    calls = Calls()
    beat = Heartbeat("https://beat.example/1", lambda: True, lambda: NOW, calls)
    await beat.beat()
    assert calls.made == ["https://beat.example/1"]
    assert beat.called_at == NOW


async def test_a_gateway_that_is_not_well_is_missed_though_it_runs() -> None:
    calls = Calls()
    await Heartbeat("https://beat.example/1", lambda: False, lambda: NOW, calls).beat()
    assert calls.made == []


async def test_an_address_that_does_not_answer_is_counted_and_stops_nothing() -> None:
    calls = Calls(is_down=True)
    beat = Heartbeat("https://beat.example/1", lambda: True, lambda: NOW, calls)
    await beat.beat()
    assert (beat.failures, beat.failure, beat.called_at) == (1, "ConnectError", None)
    calls.is_down = False
    await beat.beat()
    assert (beat.failures, beat.failure, beat.called_at) == (1, None, NOW)


@pytest.mark.parametrize("is_well", [True, False])
async def test_systemd_is_told_while_the_gateway_lives_well_or_not(
    is_well: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(path))
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        await Heartbeat(None, lambda: is_well, lambda: NOW, Calls()).beat()
        assert systemd.recv(64) == b"WATCHDOG=1"


def test_without_systemd_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert notify_systemd("READY=1") is False
