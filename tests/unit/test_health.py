"""Health says what keeps the work undone, and metrics say it in figures."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.channels.base import ChannelHealth
from gateway import metrics
from gateway.health import Facts, Level, assess

NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)
UP = ChannelHealth(True, "ready", {"operator": "China Mobile", "imsi": "460001234567890"})
DOWN = ChannelHealth(False, "no_answer", {})
WELL = Facts(
    now=NOW,
    started_at=NOW - timedelta(hours=1),
    broker_connected=True,
    broker_since=NOW - timedelta(hours=1),
    journal_seq=10,
    cursor_seq=10,
    disk_free_bytes=2**33,
    channels={"gsm": UP},
    heartbeat_address=True,
    heartbeat_called_at=NOW - timedelta(seconds=20),
)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def test_a_gateway_that_does_its_work_is_well() -> None:
    health = assess(WELL)
    assert {finding.level for finding in health.findings} == {Level.OK}
    assert health.is_well


@pytest.mark.parametrize(
    ("facts", "part", "level", "reason", "detail"),
    [
        (
            replace(WELL, broker_connected=False, broker_since=ago(5)),
            *("broker", Level.BAD, "not_connected", "5 s"),
        ),
        (
            replace(WELL, refused_since=ago(7), refused_reason="disk_full"),
            *("journal", Level.BAD, "disk_full", "7 s"),
        ),
        (
            replace(WELL, disk_free_bytes=100 * 2**20),
            *("journal", Level.WARN, "disk_low", "100 MiB"),
        ),
        (
            replace(WELL, disk_free_bytes=100 * 2**20, shortened_at=ago(3600)),
            *("journal", Level.WARN, "oldest_removed", ""),
        ),
        (
            replace(WELL, shortened_at=ago(2 * 86400)),
            *("journal", Level.OK, "writing", "#10"),
        ),
        (
            replace(WELL, cursor_seq=3, behind_since=ago(31)),
            *("engine", Level.BAD, "behind", "7"),
        ),
        (
            replace(WELL, cursor_seq=3, behind_since=ago(29)),
            *("engine", Level.OK, "catching_up", ""),
        ),
        (replace(WELL, channels={}), *("channels", Level.BAD, "none_configured", "")),
        (
            replace(WELL, channels={"gsm": DOWN}),
            *("channel gsm", Level.BAD, "no_answer", ""),
        ),
        (
            replace(WELL, channels={"gsm": UP, "two": DOWN}),
            *("channel two", Level.WARN, "no_answer", ""),
        ),
        (
            replace(WELL, notices_waiting=4, oldest_due_at=ago(91)),
            *("outbox", Level.BAD, "late", "4, 91 s"),
        ),
        (
            replace(WELL, notices_waiting=4, oldest_due_at=ago(89)),
            *("outbox", Level.OK, "serving", "4"),
        ),
        (replace(WELL, clock_trusted=False), *("clock", Level.WARN, "not_trusted", "")),
        (
            replace(WELL, heartbeat_address=False),
            *("heartbeat", Level.WARN, "no_address", ""),
        ),
        (
            replace(WELL, heartbeat_called_at=ago(181), heartbeat_failure="ConnectError"),
            *("heartbeat", Level.WARN, "not_heard", "ConnectError"),
        ),
        (
            replace(WELL, heartbeat_called_at=None, started_at=ago(10)),
            *("heartbeat", Level.OK, "heard", ""),
        ),
    ],
)
def test_each_part_is_judged_by_its_own_limit(
    facts: Facts, part: str, level: Level, reason: str, detail: str
) -> None:
    health = assess(facts)
    found = next(finding for finding in health.findings if finding.part == part)
    assert (found.level, found.reason, found.detail) == (level, reason, detail)
    assert health.is_well == (level is not Level.BAD)


def test_of_a_channel_only_what_is_meant_for_people_is_shown() -> None:
    said = repr(assess(WELL))
    assert "China Mobile" in said
    assert "460001234567890" not in said


def test_metrics_are_what_prometheus_reads() -> None:
    text = metrics.render(
        replace(WELL, counts={"intake_messages": 7}, channels={'g"s\\m\n': UP}),
        {"quiet": 3},
        {"open": 1},
    )
    sample = re.compile(r'menshen_[a-z_]+(\{[a-z]+="(\\.|[^"\\\n])*"\})? -?\d+(\.\d+)?')
    for line in text.splitlines():
        assert line.startswith(("# HELP ", "# TYPE ")) or sample.fullmatch(line), line
    assert "menshen_intake_messages_total 7\n" in text
    assert 'menshen_homes{state="quiet"} 3\n' in text
    assert 'menshen_channel_up{channel="g\\"s\\\\m\\n"} 1\n' in text
    named = re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)
    assert len(named) == len(set(named))


def test_a_state_without_any_home_or_incident_is_zero_and_not_absent() -> None:
    text = metrics.render(WELL, {}, {})
    for state in ("incident", "unknown", "quiet", "unwatched"):
        assert f'menshen_homes{{state="{state}"}} 0\n' in text
    for state in ("open", "acknowledged", "on_site", "resolved"):
        assert f'menshen_incidents{{state="{state}"}} 0\n' in text


def test_lag_and_waiting_are_measured() -> None:
    text = metrics.render(replace(WELL, cursor_seq=4, oldest_due_at=ago(2.5)), {}, {})
    assert "menshen_cursor_lag_records 6\n" in text
    assert "menshen_notice_wait_seconds 2.500\n" in text
