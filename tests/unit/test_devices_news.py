"""What is news, told as it happens at one door."""

from __future__ import annotations

import tracemalloc
from typing import Any

import msgspec
import pytest

from devices.model import Kind, News, Observation, Origin, Scope
from devices.news import (
    DeviceMemory,
    Judgement,
    bridge_restarted,
    judge,
    recognise,
    tells_bridge_restart,
)
from devices.sequence import Sequence


class Door:
    """One device and what is known of it."""

    def __init__(self) -> None:
        self.memory = DeviceMemory()

    def says(self, state: str, seq: int, boot: str = "b1", **fields: Any) -> Judgement:
        """A numbered event."""
        kind = fields.pop("kind", Kind.DOOR)
        return judge(self.memory, Observation("d", kind, state, boot=boot, seq=seq, **fields))

    def beats(self, seq: int, boot: str = "b1", **states: str) -> list[Judgement]:
        """A heartbeat with its states."""
        common: dict[str, Any] = {"boot": boot, "seq": seq, "origin": Origin.REPORT}
        beat = Observation("d", Kind.HEARTBEAT, "alive", **common)
        reports = [Observation("d", Kind(kind), said, **common) for kind, said in states.items()]
        return [judge(self.memory, each) for each in (beat, *reports)]

    def shows(self, state: str, origin: Origin = Origin.EVENT, **fields: Any) -> News:
        """A message without a number, as bridges send it."""
        kind = fields.pop("kind", Kind.DOOR)
        observation = Observation("d", kind, state, origin=origin, **fields)
        return judge(self.memory, observation).news

    @property
    def state(self) -> str | None:
        return self.memory.state(Kind.DOOR)


@pytest.fixture
def door() -> Door:
    return Door()


class TestNumberedEvents:
    def test_opening_and_closing_are_two_pieces_of_news(self, door: Door) -> None:
        assert door.says("open", 1).news is News.NEW
        assert door.says("closed", 2).news is News.NEW

    def test_the_same_event_twice_is_a_duplicate(self, door: Door) -> None:
        door.says("open", 1)
        assert door.says("open", 1) == Judgement(News.DUPLICATE)

    def test_the_same_state_again_is_repeated(self, door: Door) -> None:
        door.says("open", 1)
        assert door.says("open", 2).news is News.REPEATED

    def test_a_second_call_for_help_is_a_second_call(self, door: Door) -> None:
        assert door.says("help", 1, kind=Kind.BUTTON).news is News.NEW
        assert door.says("help", 2, kind=Kind.BUTTON).news is News.NEW

    def test_a_gap_is_counted_and_what_follows_it_is_news(self, door: Door) -> None:
        door.says("open", 1)
        assert door.says("open", 5) == Judgement(News.NEW, gap=3)

    def test_an_event_that_comes_late_fills_its_gap_and_changes_nothing(self, door: Door) -> None:
        door.says("closed", 1)
        door.says("closed", 3)
        assert door.says("open", 2) == Judgement(News.LATE, filled=1)
        assert door.state == "closed"
        assert door.says("open", 2).news is News.DUPLICATE

    def test_the_first_message_ever_has_no_gap_before_it(self, door: Door) -> None:
        assert door.says("open", 1841) == Judgement(News.NEW)

    def test_what_came_before_the_first_message_ever_is_late_and_was_never_missed(
        self, door: Door
    ) -> None:
        door.says("closed", 5)
        assert door.says("open", 3) == Judgement(News.LATE)

    def test_a_restarted_device_counts_from_one(self, door: Door) -> None:
        door.says("closed", 7)
        assert door.says("open", 3, "b2") == Judgement(News.NEW, gap=2)

    def test_a_restarted_device_that_says_what_was_known_is_no_news(self, door: Door) -> None:
        door.says("closed", 7)
        assert door.says("closed", 1, "b2") == Judgement(News.REPEATED)

    def test_a_device_that_numbers_from_zero_misses_nothing(self, door: Door) -> None:
        door.says("closed", 7)
        door.beats(0, "b2")
        assert door.says("open", 0, "b2") == Judgement(News.NEW)
        assert door.says("closed", 1, "b2") == Judgement(News.NEW)

    def test_an_event_from_before_the_restart_is_late(self, door: Door) -> None:
        door.says("closed", 7)
        door.says("closed", 1, "b2")
        assert door.says("open", 8, "b1") == Judgement(News.LATE)
        assert door.says("open", 8, "b1") == Judgement(News.DUPLICATE)
        assert door.state == "closed"

    def test_a_boot_that_goes_on_talking_was_not_over(self, door: Door) -> None:
        door.says("closed", 7, "b2")
        door.says("closed", 1, "b1")  # kept back since before b2, and never heard of
        assert door.says("open", 8, "b2").news is News.LATE
        assert door.says("closed", 9, "b2").news is News.LATE
        assert door.says("open", 10, "b2").news is News.NEW
        assert door.state == "open"

    def test_an_event_kept_back_for_over_a_minute_is_aged_and_still_the_state(
        self, door: Door
    ) -> None:
        assert door.says("open", 1, age_s=60).news is News.NEW
        assert door.says("closed", 2, age_s=61).news is News.AGED
        assert door.state == "closed"

    def test_a_jump_of_billions_is_one_gap_and_no_memory(self, door: Door) -> None:
        door.says("open", 1)
        assert door.says("closed", 2**53 - 1).gap == 2**53 - 3
        assert len(msgspec.json.encode(door.memory.to_row())) < 120

    def test_an_unknown_word_takes_its_number(self, door: Door) -> None:
        door.says("closed", 1)
        assert door.says("unknown_kind", 2, kind=Kind.UNKNOWN) == Judgement(News.REPEATED)
        assert door.says("open", 3) == Judgement(News.NEW)

    def test_each_part_has_its_own_state(self, door: Door) -> None:
        door.says("open", 1)
        assert door.says("open", 2, part="back").news is News.NEW
        assert door.says("open", 3).news is News.REPEATED


class TestHeartbeats:
    def test_a_missed_event_shows_at_the_heartbeat(self, door: Door) -> None:
        door.says("closed", 1)
        assert door.beats(3, door="open") == [
            Judgement(News.REPEATED, gap=2),
            Judgement(News.FOUND),
        ]

    def test_a_state_that_was_known_is_repeated(self, door: Door) -> None:
        door.says("closed", 1)
        assert door.beats(1, door="closed")[1] == Judgement(News.REPEATED)

    def test_a_state_heard_of_for_the_first_time_is_found(self, door: Door) -> None:
        assert door.beats(12, door="open") == [Judgement(News.REPEATED), Judgement(News.FOUND)]

    def test_an_older_heartbeat_changes_nothing(self, door: Door) -> None:
        door.says("closed", 1)
        door.says("open", 2)
        assert door.beats(1, door="closed") == [Judgement(News.LATE), Judgement(News.LATE)]
        assert door.state == "open"

    def test_a_heartbeat_from_before_the_restart_changes_nothing(self, door: Door) -> None:
        door.says("closed", 1)
        door.says("open", 1, "b2")
        assert {each.news for each in door.beats(1, "b1", door="closed")} == {News.LATE}
        assert door.state == "open"

    def test_a_restart_heard_of_by_heartbeat_counts_what_was_missed(self, door: Door) -> None:
        door.says("closed", 9)
        assert door.beats(2, "b2")[0].gap == 2

    def test_an_event_overtaken_by_its_heartbeat_is_still_the_newest(self, door: Door) -> None:
        door.says("closed", 1)
        door.beats(2, door="open")
        assert door.says("open", 2) == Judgement(News.NEW, filled=1)


class TestCopies:
    def test_a_retained_open_is_no_new_opening(self, door: Door) -> None:
        door.shows("closed")
        assert door.shows("open", Origin.RETAINED) is News.UNCERTAIN
        assert door.state == "closed"

    def test_a_retained_copy_of_what_was_known_is_repeated(self, door: Door) -> None:
        door.shows("open")
        assert door.shows("open", Origin.RETAINED) is News.REPEATED

    def test_a_retained_copy_is_found_where_nothing_was_known(self, door: Door) -> None:
        assert door.shows("open", Origin.RETAINED) is News.FOUND

    def test_a_retained_call_for_help_is_of_unknown_age(self, door: Door) -> None:
        assert door.shows("help", Origin.RETAINED, kind=Kind.BUTTON) is News.UNCERTAIN

    def test_a_retained_numbered_event_does_not_hide_the_live_one(self, door: Door) -> None:
        door.says("closed", 1)
        assert door.says("open", 2, origin=Origin.RETAINED).news is News.UNCERTAIN
        assert door.says("open", 2) == Judgement(News.NEW)


class TestBridges:
    def test_a_cached_state_with_each_battery_report_is_one_opening(self, door: Door) -> None:
        door.shows("closed")
        heard = [door.shows(state) for state in ("open", "open", "open", "closed")]
        assert heard == [News.NEW, News.REPEATED, News.REPEATED, News.NEW]

    def test_the_first_word_of_a_device_is_found(self, door: Door) -> None:
        assert door.shows("open") is News.FOUND

    def test_a_restarted_bridge_repeats_itself_without_news(self, door: Door) -> None:
        door.shows("open")
        bridge_restarted(door.memory)
        assert door.memory.awaits_fresh
        assert door.shows("open") is News.REPEATED
        assert not door.memory.awaits_fresh
        assert door.shows("closed") is News.NEW

    def test_an_old_open_from_a_restarted_bridge_is_uncertain(self, door: Door) -> None:
        door.shows("closed")
        bridge_restarted(door.memory)
        assert door.shows("open") is News.UNCERTAIN
        assert door.state == "closed"

    def test_said_again_it_is_found_for_nobody_saw_it_happen(self, door: Door) -> None:
        door.shows("closed")
        bridge_restarted(door.memory)
        door.shows("open")
        assert door.shows("open") is News.FOUND
        assert door.state == "open"
        assert door.shows("closed") is News.NEW

    def test_after_an_uncertain_open_a_closed_puts_things_right(self, door: Door) -> None:
        door.shows("closed")
        bridge_restarted(door.memory)
        door.shows("open")
        assert door.shows("closed") is News.REPEATED
        assert door.shows("open") is News.NEW

    def test_every_state_of_a_device_is_old_after_a_restart(self, door: Door) -> None:
        door.shows("closed")
        door.shows("off", kind=Kind.TAMPER)
        bridge_restarted(door.memory)
        assert door.shows("closed") is News.REPEATED
        assert door.shows("on", kind=Kind.TAMPER) is News.UNCERTAIN

    def test_a_call_for_help_after_a_restart_is_a_call(self, door: Door) -> None:
        door.shows("help", kind=Kind.BUTTON)
        bridge_restarted(door.memory)
        assert door.shows("help", kind=Kind.BUTTON) is News.NEW

    def test_what_a_restarted_bridge_says_of_reachability_is_its_own_word(self, door: Door) -> None:
        door.shows("online", kind=Kind.STATUS)
        bridge_restarted(door.memory)
        assert door.shows("offline", kind=Kind.STATUS) is News.NEW

    def test_a_second_vibration_is_news_once_the_first_is_over(self, door: Door) -> None:
        shake: dict[str, Any] = {"kind": Kind.TAMPER, "part": "vibration"}
        over: dict[str, Any] = {"kind": Kind.UNKNOWN, "part": "vibration"}
        door.shows("vibration_over", **over)
        assert door.shows("on", **shake) is News.NEW
        assert door.shows("on", **shake) is News.REPEATED
        door.shows("vibration_over", **over)
        assert door.shows("on", **shake) is News.NEW

    def test_a_held_sos_is_one_call(self, door: Door) -> None:
        sos: dict[str, Any] = {"kind": Kind.BUTTON, "part": "sos"}
        door.shows("sos_over", kind=Kind.UNKNOWN, part="sos")
        assert [door.shows("help", **sos) for _ in range(3)] == [
            News.NEW,
            News.REPEATED,
            News.REPEATED,
        ]

    @pytest.mark.parametrize(
        ("origin", "news", "told"),
        [
            (Origin.EVENT, News.REPEATED, True),
            (Origin.EVENT, News.NEW, True),
            (Origin.RETAINED, News.UNCERTAIN, True),
            (Origin.RETAINED, News.REPEATED, False),
        ],
    )
    def test_a_bridge_is_back_when_it_says_so(self, origin: Origin, news: News, told: bool) -> None:
        status = Observation("b", Kind.STATUS, "online", origin=origin, scope=Scope.GATEWAY)
        assert tells_bridge_restart(status, news) is told
        of_a_device = Observation("b", Kind.STATUS, "online", origin=origin)
        assert not tells_bridge_restart(of_a_device, news)


class TestMemory:
    def test_recognising_a_duplicate_changes_nothing(self, door: Door) -> None:
        assert not recognise(door.memory, "b1", 1)
        door.says("open", 1)
        door.says("open", 3)
        before = door.memory.to_row()
        assert [recognise(door.memory, "b1", seq) for seq in (1, 2, 3, 4)] == [
            True,
            False,
            True,
            False,
        ]
        assert not recognise(door.memory, "b2", 1)
        assert door.memory.to_row() == before

    def test_states_without_end_are_forgotten_oldest_first(self, door: Door) -> None:
        for number in range(1000):
            door.shows("open", part=f"p{number}")
        assert len(door.memory.states) == 64
        assert door.memory.state(Kind.DOOR, "p999") == "open"

    def test_a_restart_of_the_device_costs_less_than_200_bytes(self) -> None:
        sequences = [Sequence() for _ in range(1000)]
        tracemalloc.start()
        try:
            for sequence in sequences:
                for boot in ("boot-1", "boot-2"):
                    sequence.event(msgspec.json.decode(f'"{boot}"'), 1)
                    sequence.event(boot, 2)
            used, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert used / len(sequences) < 200
