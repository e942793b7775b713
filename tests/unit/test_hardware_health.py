"""Health says what is wired to the gateway, and makes no gateway unwell for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.channels.base import ChannelHealth
from gateway.health import Facts, Level, Wired, assess

NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)
WELL = Facts(
    now=NOW,
    started_at=NOW,
    broker_connected=True,
    broker_since=NOW,
    journal_seq=10,
    cursor_seq=10,
    channels={"gsm": ChannelHealth(True, "ready", {})},
)
FOUR_MIN_AGO = NOW - timedelta(minutes=4, seconds=30)


@pytest.mark.parametrize(
    ("wired", "said"),
    [
        (None, []),
        (Wired(""), [("pins", Level.OK, "in_use", "")]),
        (Wired("GPIO 17"), [("pins", Level.WARN, "not_usable", "GPIO 17")]),
        (
            Wired("", has_mains=True),
            [("pins", Level.OK, "in_use", ""), ("power", Level.OK, "on_mains", "")],
        ),
        (
            Wired("", has_mains=True, on_battery_since=FOUR_MIN_AGO),
            [("pins", Level.OK, "in_use", ""), ("power", Level.WARN, "on_battery", "4 min")],
        ),
    ],
)
def test_what_is_wired_is_said(
    wired: Wired | None, said: list[tuple[str, Level, str, str]]
) -> None:
    health = assess(replace(WELL, wired=wired))
    found = [
        (each.part, each.level, each.reason, each.detail)
        for each in health.findings
        if each.part in {"pins", "power"}
    ]
    assert found == said
    assert health.is_well
