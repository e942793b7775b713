"""Our own broker, whichever it is, takes a message and gives it back."""

from __future__ import annotations

from pathlib import Path

import aiomqtt
import pytest

from gateway.broker import BrokerError, BrokerKind, find_mosquitto, mosquitto_settings, run_broker
from tests.fakes.programs import need


@pytest.mark.parametrize("kind", ["mosquitto", "embedded"])
async def test_a_message_goes_through(kind: BrokerKind, tmp_path: Path) -> None:
    if kind == "mosquitto":
        need("mosquitto")
    async with run_broker(tmp_path, kind) as broker:
        assert broker.kind == kind
        async with aiomqtt.Client("127.0.0.1", broker.port) as client:
            await client.subscribe("menshen/v1/+/event", qos=1)
            await client.publish("menshen/v1/door-1/event", b"{}", qos=1)
            async for message in client.messages:
                assert message.topic.value == "menshen/v1/door-1/event"
                break


async def test_without_a_choice_mosquitto_is_taken_where_it_is(tmp_path: Path) -> None:
    need("mosquitto")
    async with run_broker(tmp_path) as broker:
        assert broker.kind == "mosquitto"


async def test_a_broker_that_cannot_start_says_why(tmp_path: Path) -> None:
    need("mosquitto")
    async with run_broker(tmp_path / "a", "mosquitto") as first:
        with pytest.raises(BrokerError, match=str(first.port)):
            async with run_broker(tmp_path / "b", "mosquitto", port=first.port):
                pass


def test_the_shipped_settings_are_the_ones_we_run(tmp_path: Path) -> None:
    settings = mosquitto_settings(tmp_path, 1234)
    assert "max_queued_messages 100000" in settings
    assert "listener 1234 127.0.0.1" in settings
    assert f"persistence_location {tmp_path}/" in settings
    assert find_mosquitto() is None or find_mosquitto().endswith("mosquitto")  # type: ignore[union-attr]
