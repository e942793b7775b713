"""What the machine says of this program is read as it is written, and nothing is made up."""

from __future__ import annotations

import pytest

from gateway import wear
from gateway.wear import Wear

IO = "rchar: 1\nwchar: 2\nwrite_bytes: 8192\ncancelled_write_bytes: 4096\n"


def worn(at_s: float, cpu_s: float = 0.0, written: int | None = 0) -> Wear:
    return Wear(at_s, None, cpu_s, written, None, None)


def test_memory_is_the_resident_pages() -> None:
    assert wear.resident("9000 300 20 1 0 7 0\n", 4096) == 300 * 4096


def test_bytes_written_are_less_those_that_never_reached_the_disk() -> None:
    assert wear.written(IO) == 4096


@pytest.mark.parametrize("text", ["", "no\n", "write_bytes: many\n", "\0\0"])
def test_a_system_that_does_not_tell_is_believed_to_know_nothing(text: str) -> None:
    assert wear.written(text) is None
    assert wear.resident(text, 4096) is None
    assert wear.hottest([text]) is None


def test_the_hottest_part_counts_and_a_sensor_that_is_not_there_does_not() -> None:
    assert wear.hottest(["41500\n", "63200\n", "-273000\n", "999999\n"]) == 63.2


def test_rates_are_between_two_looks() -> None:
    rates = wear.between(worn(10, cpu_s=1.0, written=1000), worn(20, cpu_s=3.0, written=5000))
    assert rates == (20.0, 400.0)


def test_a_first_look_has_no_rates() -> None:
    assert wear.between(None, worn(10)) == (None, None)
    assert wear.between(worn(10), worn(10)) == (None, None)
    assert wear.between(worn(10, written=None), worn(20)).written_bytes_per_s is None


def test_this_machine_is_looked_at_without_an_error() -> None:
    looked = wear.look()
    assert looked.memory_bytes is None or looked.memory_bytes > 1_000_000
    assert looked.cpu_s > 0
