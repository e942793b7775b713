"""Nobody is shown a door that is closed while nobody could say: in whatever order it is exported.

Samples and spans go to InfluxDB at any time after they are known, late, twice, one before the
other; what a span says of itself is known only once it is found, hours after it began.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, delete, insert

from alerts.model import DeviceInfo
from alerts.state import DeviceState
from alerts.tables import metadata, unknown_spans
from gateway import memories
from gateway.export import samples
from gateway.export.facts import said
from gateway.export.line import instant
from gateway.export.samples import Homes, OfDevice, OfHome, Stored
from gateway.export.schema import Bucket
from gateway.export.spans import AFTER_WHAT_WAS_SAID, during
from gateway.export.told_place import Around
from gateway.export.told_states import of_spans
from gateway.homes.look import Standing
from tests.fakes.line_protocol import read_all
from tests.fakes.places import HOME, WATCH, directory_of

SECOND: Final = 1_000_000
EVERY_S: Final = 600
EVERY: Final = EVERY_S * SECOND
BEATS_EVERY: Final = 300 * SECOND
BEGIN: Final = 2_991_667 * EVERY  # a multiple
DOOR: Final = "door-1"
DIRECTORY: Final = directory_of([DOOR])
STATES: Final = (("door", "main", "closed"),)


@dataclass(frozen=True)
class Silence:
    """A door that beats every five minutes, is silent, found to be, and heard again."""

    heard_at: int
    found_at: int
    until_at: int

    def last_word(self, at: int) -> int:
        """Return when it had spoken last."""
        if at >= self.until_at:
            return self.until_at
        beats_before = max(0, -(-(self.heard_at - at) // BEATS_EVERY))
        return self.heard_at - beats_before * BEATS_EVERY


@dataclass
class Night:
    """What InfluxDB has of one silence, whenever what is exported."""

    silence: Silence
    connection: Connection = field(init=False)
    stored: dict[int, str] = field(default_factory=dict)  # state by nanosecond

    def puts(self, lines: Iterator[bytes] | list[bytes]) -> None:
        for each in read_all([line for line in lines if line.startswith(b"state")]):
            if each.tags["kind"] == "door":
                self.stored[each.at_ns] = str(each.fields["state"])

    def knows(self, at: int) -> None:
        """Note of the span what is known of it at a time."""
        silence = self.silence
        self.connection.execute(delete(unknown_spans))
        if silence.found_at <= at:
            row = {"id": 1, "watch": WATCH, "device": DOOR, "reason": "reporting_time_passed"}
            until_at = silence.until_at if silence.until_at <= at else None
            self.connection.execute(
                insert(unknown_spans).values(**row, from_at=silence.heard_at, until_at=until_at)
            )

    def sampled(self, multiple: int, looked_at: int, exported_at: int) -> None:
        silence = self.silence
        silent_s = (looked_at - silence.last_word(looked_at)) / SECOND
        is_unknown = silence.found_at <= looked_at < silence.until_at
        device = OfDevice(DOOR, STATES, silent_s, 1800, is_unknown=is_unknown)
        home = OfHome(WATCH, (device,), "none", Standing.QUIET, 0, 0, 600, 86400)
        sample = Homes(multiple, looked_at, is_between=False, homes=(home,))
        self.knows(exported_at)
        row = Stored(1, multiple, "homes", sample, during(self.connection, multiple, looked_at))
        self.puts(samples.points([row], DIRECTORY, "g1")[Bucket.HOMES])

    def told(self, at: int) -> None:
        self.knows(at)
        around = Around(self.connection, DIRECTORY, "g1", {}, at, EVERY_S)
        self.puts(list(of_spans(around, ["1"])))

    def heard(self, at: int) -> None:
        tags = DIRECTORY.tags(HOME, DOOR, "door", "main")
        self.puts([said(tags, "closed", instant(at, 7))])

    def shown(self, at_ns: int) -> str | None:
        before = [each for each in self.stored if each <= at_ns]
        return self.stored[max(before)] if before else None


@st.composite
def silences(draw: st.DrawFn) -> Silence:
    heard_at = BEGIN + draw(st.integers(0, 1200 * SECOND))
    found_at = heard_at + draw(st.integers(60, 3 * 3600)) * SECOND
    return Silence(heard_at, found_at, found_at + draw(st.integers(1, 2 * 3600)) * SECOND)


late = st.integers(0, 4 * 3600 * SECOND)
soon = st.integers(0, 30 * SECOND)


@settings(max_examples=150, deadline=None)
@given(silences(), st.data())
def test_whatever_is_exported_first_or_twice_a_silence_is_drawn_from_the_last_word_to_the_next(
    silence: Silence, data: st.DataObject
) -> None:
    end = silence.until_at + 2 * EVERY
    draw = data.draw
    exports: list[tuple[int, Callable[[Night, int], None]]] = []
    for multiple in range(BEGIN - EVERY, end, EVERY):
        looked_at = multiple + draw(soon)
        taken = partial(_sampled, multiple, looked_at)
        exports += [
            (looked_at + after, taken) for after in draw(st.lists(late, min_size=1, max_size=2))
        ]
    for at in (silence.found_at, silence.until_at):
        exports += [(at + after, Night.told) for after in draw(st.lists(late, max_size=2))]
    exports.append((silence.until_at + draw(late), Night.told))  # what waits is told in the end
    night = Night(silence)
    with tables() as night.connection:
        night.heard(silence.heard_at)
        night.heard(silence.until_at)
        for at, export in sorted(exports, key=itemgetter(0)):
            export(night, at)
    first, last = (silence.heard_at + AFTER_WHAT_WAS_SAID) * 1000, silence.until_at * 1000
    inside = {first, last - 1, *(each for each in night.stored if first <= each < last)}
    assert {night.shown(each) for each in inside} == {"unknown"}
    outside = {first - 1, *(each for each in night.stored if each < first or each > last)}
    assert {night.shown(each) for each in outside} == {"closed"}


def _sampled(multiple: int, looked_at: int, night: Night, at: int) -> None:
    night.sampled(multiple, looked_at, at)


@contextmanager
def tables() -> Iterator[Connection]:
    """Tables that remember a door, in memory."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as connection:
        state = DeviceState(DeviceInfo(DOOR, WATCH, "b3"))
        state.memory.states["door"] = "closed"
        memories.save(connection, [(DOOR, state)], 1)
        yield connection
        connection.rollback()
    engine.dispose()
