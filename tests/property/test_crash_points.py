"""Killed between any two steps, the gateway loses nothing it confirmed and doubles no incident."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.tables import incidents, notices
from tests.fakes.shell import MemoryBroker, Shell, event_of
from tests.fakes.street import CountedDraws

STATES = {
    "door-1": ("open", "closed"),
    "door-2": ("open", "closed"),
    "seal-1": ("broken", "applied"),
}


class KilledError(BaseException):
    """The process is gone."""


class Killer:
    """Counts the steps of the path and kills at the wanted ones, each counted from the last."""

    def __init__(self, after: list[int]) -> None:
        self._after = list(after)
        self._steps = 0

    def step(self) -> None:
        self._steps += 1
        if self._after and self._steps >= self._after[0]:
            self._steps = 0
            del self._after[0]
            raise KilledError


def outcome(path: Path, published: list[tuple[str, bytes]], kills: list[int], rows: int) -> Shell:
    """Publish, and run one life after the other until all is confirmed and applied."""
    broker, draws, killer = MemoryBroker(window=8), CountedDraws(), Killer(kills)
    for topic, payload in published:
        broker.publish(topic, payload)
    while True:
        shell = Shell(path, broker, draws=draws, step=killer.step, group_rows=rows)
        try:
            shell.start()
            shell.settle()
        except KilledError:
            confirmed = {each for mid, each in enumerate(published, 1) if mid not in broker.queued}
            assert confirmed <= {(each.topic, each.payload) for each in shell.records()}
            shell.kill()
        else:
            return shell


@st.composite
def events(draw: st.DrawFn) -> list[tuple[str, bytes]]:
    """Numbered events of three devices, each device's in order, some sent twice."""
    seqs: Counter[str] = Counter()
    published = []
    for device in draw(st.lists(st.sampled_from(sorted(STATES)), min_size=1, max_size=20)):
        seqs[device] += 1
        message = event_of(device, seqs[device], draw(st.sampled_from(STATES[device])))
        published += [message] * draw(st.sampled_from((1, 1, 1, 2)))
    return published


@settings(max_examples=60)
@given(events(), st.lists(st.integers(1, 25), max_size=6), st.integers(1, 10))
def test_killed_between_any_two_steps_nothing_is_lost_and_nothing_doubled(
    published: list[tuple[str, bytes]], kills: list[int], rows: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shell = outcome(Path(folder, "killed.db"), published, kills, rows)
        journalled = [(each.topic, each.payload) for each in shell.records()]
        assert sorted(journalled) == sorted(set(published))
        assert [each.seq for each in shell.records()] == list(range(1, len(journalled) + 1))
        concerns = Counter((each.matter, each.subject) for each in shell.rows(incidents))
        assert all(count == 1 for count in concerns.values())
        told = sorted((each.contact, each.kind, each.reason) for each in shell.rows(notices))
        shell.kill()

        calm = outcome(Path(folder, "calm.db"), published, [], rows)
        assert concerns == Counter((each.matter, each.subject) for each in calm.rows(incidents))
        calmly = sorted((each.contact, each.kind, each.reason) for each in calm.rows(notices))
        calm.kill()
        assert told == calmly
