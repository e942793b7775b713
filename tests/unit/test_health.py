"""Health says what keeps the work undone, and metrics say it in figures."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.channels.base import ChannelHealth
from gateway import metrics
from gateway.health import Facts, Level, Proved, Today, assess

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
        (
            replace(WELL, parts_today=63, parts_a_day=100, parts_for_all=80),
            *("budget", Level.OK, "within", "63/100"),
        ),
        (
            replace(WELL, parts_today=64, parts_a_day=100, parts_for_all=80),
            *("budget", Level.WARN, "nearly_spent", "64/100"),
        ),
        (
            replace(WELL, parts_today=80, parts_a_day=100, parts_for_all=80),
            *("budget", Level.WARN, "spent", "80/100"),
        ),
        (
            replace(WELL, proofs={"gsm": Proved(ago(25 * 3600), 4.4)}),
            *("proof", Level.OK, "texts_arrive", "gsm 4 s"),
        ),
        (
            replace(WELL, proofs={"gsm": Proved(ago(25 * 3600), 4.4), "two": Proved()}),
            *("proof", Level.OK, "not_proven_yet", "two"),
        ),
        (
            replace(WELL, proofs={"gsm": Proved(ago(27 * 3600), 4.4)}),
            *("proof", Level.WARN, "not_proven", "gsm"),
        ),
        (
            replace(WELL, proofs={"gsm": Proved()}, started_at=ago(27 * 3600)),
            *("proof", Level.WARN, "not_proven", "gsm"),
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
        replace(
            WELL,
            counts={"intake_messages": 7},
            channels={'g"s\\m\n': UP},
            today={'g"s\\m\n': Today(outcomes={"failed": 1})},
        ),
        {"quiet": 3},
        {"open": 1},
    )
    pair = r'[a-z]+="(\\.|[^"\\\n])*"'
    sample = re.compile(rf"menshen_[a-z_]+(\{{{pair}(,{pair})*\}})? -?\d+(\.\d+)?")
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


def test_a_channel_is_measured_by_what_it_and_the_ledger_say() -> None:
    told = {"signal_dbm": "-71", "stored": "3/50", "unconfirmed_count": "2", "sent_count": "?"}
    text = metrics.render(
        replace(
            WELL,
            channels={"gsm": ChannelHealth(True, "ready", told | {"received_texts": "7"})},
            today={"gsm": Today(3, 4, 20.0, {"delivered": 2, "unknown": 1})},
            proofs={"gsm": Proved(ago(60), 4.25), "two": Proved()},
            held={"quiet_hours": 2},
        ),
        {},
        {},
    )
    for wanted in (
        'channel_signal_dbm{channel="gsm"} -71',
        'channel_stored{channel="gsm"} 3',
        'channel_store_size{channel="gsm"} 50',
        'channel_events_total{channel="gsm",event="unconfirmed"} 2',
        'channel_events_total{channel="gsm",event="received_texts"} 7',
        'texts_today{channel="gsm",outcome="delivered"} 2',
        'cost_today_yuan{channel="gsm"} 0.200',
        'notices_held{reason="quiet_hours"} 2',
        'proof_seconds{channel="gsm"} 4.250',
        'proof_age_seconds{channel="gsm"} 60',
    ):
        assert f"menshen_{wanted}\n" in text
    assert 'event="sent"' not in text
    assert 'proof_seconds{channel="two"}' not in text


def test_lag_and_waiting_are_measured() -> None:
    text = metrics.render(replace(WELL, cursor_seq=4, oldest_due_at=ago(2.5)), {}, {})
    assert "menshen_cursor_lag_records 6\n" in text
    assert "menshen_notice_wait_seconds 2.500\n" in text
