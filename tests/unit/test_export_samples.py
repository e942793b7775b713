"""What is kept of a moment comes out of the tables as it went in, and as the schema says."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.export import samples
from gateway.export.directory import NEVER, Where
from gateway.export.line import SPREAD
from gateway.export.samples import Found, Gateway, Homes, OfChannel, OfDevice, OfHome
from gateway.export.schema import Bucket
from gateway.export.spans import AFTER_WHAT_WAS_SAID, Span
from gateway.export.tables import samples as table
from gateway.homes.look import Standing
from tests.fakes.line_protocol import read_all
from tests.fakes.shell import MemoryBroker, Shell

AT = 1_795_000_200_000_000
SECOND = 1_000_000
PLACE = ",building=b3,home=H1,team=t1,watch=w1"
STATES = (("door", "back", "open"), ("tamper", "main", "off"))


class Places:
    """A directory with one home, and one building with a device."""

    def place(self, watch: str) -> str | None:
        return PLACE if watch == "w1" else None

    def at(self, device: str, at_us: int) -> Where | None:
        assert at_us == AT + 2000
        if device == "gate-1":
            return Where(None, ",building=b3,community=c1", ",grid=g1", "")
        return Where("w2", "", "", "") if device == "moved-1" else None


DIRECTORY: Any = Places()


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    made = Shell(tmp_path / "menshen.db", MemoryBroker())
    yield made
    made.kill()


def home(watch: str = "w1", *, is_unknown: bool = False) -> OfHome:
    device = OfDevice("door-1", STATES, 12.0, 900, is_unknown=is_unknown, is_battery_low=True)
    return OfHome(watch, (device,), "none", Standing.QUIET, 1, 60, 600, 86400)


def homes(*found: OfHome, is_between: bool = False) -> Homes:
    return Homes(AT, AT + 2000, is_between, found)


def append(shell: Shell, *found: samples.Sample) -> None:
    with shell.in_transaction():
        for each in found:
            samples.append(shell.connection, each)


def stored(shell: Shell) -> list[samples.Stored]:
    with shell.database.read() as connection:
        return samples.read(connection, 100)


def lines(*found: samples.Sample) -> list[str]:
    rows = [samples.Stored(number, each.at, "", each) for number, each in enumerate(found)]
    made = samples.points(rows, DIRECTORY, "g1")
    return [line.decode() for bucket in Bucket for line in made.get(bucket, [])]


def test_a_sample_is_read_as_it_was_taken_and_forgotten_once_it_is_exported(shell: Shell) -> None:
    gateway = Gateway(AT, {"up_s": 1.5, "is_well": True}, cursors={"alerts": 7})
    append(shell, homes(home()), gateway)
    first, second = stored(shell)
    assert (first.sample, first.kind, first.at) == (homes(home()), "homes", AT)
    assert (second.sample, second.kind) == (gateway, "gateway")
    with shell.in_transaction():
        samples.forget(shell.connection, first.id)
    assert [each.id for each in stored(shell)] == [second.id]


def test_a_home_and_its_doors_are_at_the_multiple_and_its_permit_is_when_it_was_looked_at() -> None:
    of_home, permit, supervision, door, tamper = lines(homes(home()))
    assert of_home == (
        f'home{PLACE} standing="quiet",doors_open=1i,devices=1i,missing=0i,unknown_s=60.0,'
        f"watched_s=600.0,ends_in_s=86400.0 {AT}000"
    )
    looked_ns = (AT + 2000) * 1000
    assert permit == (
        "state,building=b3,home=H1,kind=permit,team=t1,watch=w1"
        f' state="none",source="rewritten" {looked_ns}'
    )
    assert supervision.startswith("supervision,building=b3,device=door-1,home=H1,team=t1,watch=w1 ")
    assert "is_battery_low=1i" in supervision
    assert door == (
        "state,building=b3,device=door-1,home=H1,kind=door,part=back,team=t1,watch=w1"
        f' state="open",source="rewritten" {AT * 1000}'
    )
    assert supervision.endswith(f" {looked_ns}")
    assert "kind=tamper,part=main" in tamper


def test_a_device_of_which_nobody_can_say_what_it_does_is_unknown_in_all_its_parts() -> None:
    found = [each for each in lines(homes(home(is_unknown=True))) if "device=door-1,home" in each]
    states = [each for each in found if each.startswith("state")]
    assert len(states) == 2
    assert all('state="unknown"' in each for each in states)


def drawn(device: OfDevice, *unknown: Span, is_between: bool = False) -> dict[str, tuple[str, int]]:
    """Draw a device looked at ten seconds after the multiple: each kind's state, and from when."""
    sample = Homes(AT, AT + 10 * SECOND, is_between, (replace(home(), devices=(device,)),))
    by_device = {None if each.is_own else "door-1": [each] for each in unknown}
    made = samples.points([samples.Stored(1, AT, "", sample, by_device)], DIRECTORY, "g1")
    found = [each for each in read_all(made[Bucket.HOMES]) if each.measurement == "state"]
    return {
        each.tags["kind"]: (str(each.fields["state"]), each.at_ns - AT * 1000) for each in found
    }


def test_what_a_door_said_after_the_multiple_is_not_shown_before_it_was_said() -> None:
    """It spoke four seconds after the multiple: what it said then stands from just after it."""
    _, at_ns = drawn(OfDevice("door-1", STATES, silent_s=6.0))["door"]
    assert at_ns == 4 * SECOND * 1000 + SPREAD - 1
    assert at_ns < (4 * SECOND + AFTER_WHAT_WAS_SAID) * 1000  # nor after a silence from then on


def test_a_door_found_silent_since_is_unknown_whatever_the_sample_said() -> None:
    closed = OfDevice("door-1", STATES, 3600.0)
    silent = Span(AT - 3600 * SECOND, NEVER, "reporting_time_passed", is_own=False)
    assert drawn(closed, silent)["door"] == ("unknown", 0)
    over = silent._replace(until_at=AT)
    assert drawn(closed, over)["door"] == ("open", 0)
    off = silent._replace(is_own=True, reason="gateway_off")
    assert drawn(closed, off)["door"] == ("unknown", 0)


def test_a_door_that_became_unknown_after_the_multiple_was_known_on_it() -> None:
    door = OfDevice("door-1", STATES, 3600.0, is_unknown=True)
    later = Span(AT + 5 * SECOND, NEVER, "bridge_offline", is_own=False)
    assert drawn(door, later)["door"] == ("open", 0)


def test_a_device_known_to_be_offline_is_so_in_samples_too() -> None:
    states = (("door", "main", "closed"), ("status", "main", "offline"))
    door = OfDevice("door-1", states, 3600.0, is_unknown=True)
    offline = Span(AT - 3600 * SECOND, NEVER, "last_will", is_own=False)
    found = drawn(door, offline)
    assert (found["door"][0], found["status"][0]) == ("unknown", "offline")


def test_a_sample_between_is_of_when_it_was_taken() -> None:
    assert drawn(OfDevice("door-1", STATES, 3600.0), is_between=True)["door"] == (
        "open",
        10 * SECOND * 1000,
    )


def test_a_sample_between_has_states_alone_so_that_no_second_is_counted_twice() -> None:
    names = {each.partition(",")[0] for each in lines(homes(home(), is_between=True))}
    assert names == {"state"}


def test_a_device_of_a_building_is_kept_under_its_building() -> None:
    gate = OfDevice("gate-1", (("tamper", "main", "off"),), 5.0, 900)
    sample = Homes(AT, AT + 2000, False, (), (gate,))
    supervision, tamper = lines(sample)
    assert supervision.startswith("supervision,building=b3,community=c1,device=gate-1,grid=g1 ")
    assert tamper.startswith(
        "state,building=b3,community=c1,device=gate-1,grid=g1,kind=tamper,part=main "
    )


@pytest.mark.parametrize("device", ["moved-1", "gone-1"])
def test_a_device_that_is_at_a_home_by_now_or_nowhere_is_not_told_of_a_building(
    device: str,
) -> None:
    moved = OfDevice(device, (("tamper", "main", "off"),))
    assert lines(Homes(AT, AT + 2000, False, (), (moved,))) == []


def test_a_home_released_since_is_not_exported() -> None:
    assert lines(homes(home("w2"))) == []


def test_every_field_of_the_gateway_has_the_type_it_has_for_ever() -> None:
    found = lines(
        Gateway(
            AT,
            {"up_s": 5, "is_well": True, "journal_seq": 10, "memory_bytes": None},
            (OfChannel("modem", {"is_up": 1, "signal_dbm": -70, "reason": "ok"}),),
            (Found("journal", 1, "disk_low", ""),),
            {"alerts": 7},
            {"intake_messages": 3},
        )
    )
    assert found == [
        f"gateway,gateway=g1 up_s=5.0,is_well=1i,journal_seq=10i {AT}000",
        f'channel,channel=modem,gateway=g1 is_up=1i,signal_dbm=-70.0,reason="ok" {AT}000',
        f'finding,gateway=g1,part=journal level=1i,reason="disk_low" {AT}000',
        f"cursor,consumer=alerts,gateway=g1 seq=7i,lag_records=3i {AT}000",
        f"counter,gateway=g1,name=intake_messages total=3i {AT}000",
    ]


def test_a_released_home_is_taken_out_and_its_neighbour_stays(shell: Shell) -> None:
    append(shell, homes(home("w1"), home("w2")), Gateway(AT, {}), homes(home("w2")))
    untouched = [row.sample for row in shell.rows(table)][1:]
    with shell.in_transaction():
        last = samples.take_out(shell.connection, {"w1"}, 0, 100)
        assert samples.take_out(shell.connection, {"w1"}, last or 0, 100) is None
    rows = shell.rows(table)
    assert all(b"w1" not in zlib.decompress(row.sample) for row in rows)
    assert [row.sample for row in rows][1:] == untouched
    first = stored(shell)[0].sample
    assert isinstance(first, Homes)
    assert [each.watch for each in first.homes] == ["w2"]


def test_a_day_of_two_hundred_homes_takes_little_room() -> None:
    """Ids are random and figures differ: what is left is what they say."""
    many = tuple(
        OfHome(
            f"{number * 2654435761 % 2**64:016x}",
            tuple(
                OfDevice(f"{kind}-{number}", ((kind, "main", "closed"),), number % 900, 900)
                for kind in ("door", "seal", "camera")
            ),
            "none",
            *(Standing.QUIET, 0, 0, 600, 86400 - number),
        )
        for number in range(200)
    )
    assert len(samples._packed(Homes(AT, AT, False, many))) < 60 * 200
