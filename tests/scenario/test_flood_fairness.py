"""Ten thousand messages of one device, an opening of another among them: counted, not timed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.model import ConditionKind
from alerts.reason import Reason
from alerts.tables import conditions, decisions, notices
from tests.fakes.shell import MemoryBroker, Shell, event_of

FLOOD = 10_000
GROUP = 250
"""Rows in a commit, as configured by default."""


def flood_of(shell: Shell, broker: MemoryBroker, first: int, count: int) -> None:
    """Queue events of one seal that says the same again and again."""
    for seq in range(first, first + count):
        broker.publish(*event_of("seal-1", seq, "applied"))


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


@pytest.fixture
def shell(tmp_path: Path, broker: MemoryBroker) -> Iterator[Shell]:
    shell = Shell(tmp_path / "menshen.db", broker, group_rows=GROUP)
    shell.start()
    for device, state in (("seal-1", "applied"), ("door-2", "closed")):
        broker.publish(*event_of(device, 1, state))
    shell.settle()
    shell.now += timedelta(minutes=2)  # what had waited for us is here
    yield shell
    shell.kill()


def test_an_opening_is_told_after_what_came_before_it_and_not_after_the_flood(
    shell: Shell, broker: MemoryBroker
) -> None:
    """The broker's queue is first in, first out: an opening overtakes nobody, and waits for nobody
    behind it."""
    before = 1000
    flood_of(shell, broker, 2, before)
    broker.publish(*event_of("door-2", 2, "open"))
    flood_of(shell, broker, 2 + before, FLOOD - before)
    commits = shell.intake.counts["intake_commits"]
    while "team-1/worker-day" not in {row.contact for row in shell.rows(notices)}:
        shell.pump()
        assert broker.queued, "the whole flood went first"
        assert shell.intake.counts["intake_commits"] - commits <= before / GROUP + 2
    assert len(broker.queued) > FLOOD - before - 2 * broker.window
    (opened,) = [row for row in shell.rows(conditions) if row.kind == ConditionKind.OPENED]
    assert opened.device == "door-2"


def test_a_flood_costs_no_commit_a_message_and_no_decision(
    shell: Shell, broker: MemoryBroker
) -> None:
    decided = len(shell.rows(decisions))
    commits = shell.intake.counts["intake_commits"]
    flood_of(shell, broker, 2, FLOOD)
    shell.settle()
    assert shell.intake.counts["intake_commits"] - commits <= FLOOD / GROUP + 1
    assert len(shell.rows(decisions)) - decided == 0
    assert shell.pipeline.counts[Reason.REPEATED_STATE] >= FLOOD
    assert Counter(row.kind for row in shell.rows(conditions)) == {ConditionKind.FLOODING: 1}


def test_every_event_of_a_flood_is_kept_and_none_twice(shell: Shell, broker: MemoryBroker) -> None:
    flood_of(shell, broker, 2, FLOOD // 10)
    flood_of(shell, broker, 2, FLOOD // 10)  # the device sends all of it again
    shell.settle()
    kept = [json.loads(each.payload)["seq"] for each in shell.records() if each.device == "seal-1"]
    assert kept == list(range(1, 2 + FLOOD // 10))
