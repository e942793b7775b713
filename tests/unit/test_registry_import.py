"""A list enters the registry as a whole or not at all, and each row that is wrong is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.policy import Policy
from gateway.homes import watches
from gateway.privacy import UnreadableError
from gateway.registry.columns import Kind
from gateway.registry.history import binding_at
from gateway.registry.rows import from_values
from gateway.registry.stage import stage_entry
from gateway.registry.staging import Change
from gateway.registry.switch import ConflictError
from tests.fakes.registry import CODE, HOME, NOW, Records, table

OTHER = "440307006031204"
LATER = {"starts_at": "2026-12-10 10:00", "ends_at": "2026-12-24 10:00"}


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    with closing(Records(tmp_path)) as made:
        yield made.with_a_home()


def row(**changed: str) -> dict[str, str]:
    return {"house_code": CODE, **HOME, **changed}


# ---- all or nothing ----


def test_a_list_with_one_wrong_row_changes_nothing(records: Records) -> None:
    before = records.everything()
    content = table(Kind.HOMES, row(address="改了"), row(house_code=OTHER, team="nobody"))
    report = records.bring(content)
    assert [(each.row, each.column) for each in report.problems] == [(3, "team")]
    assert records.everything() == before


def test_new_updated_unchanged_and_repeated_rows_are_counted_apart(records: Records) -> None:
    records.bring(table(Kind.HOMES, row(house_code=OTHER, residents="王五", phones="")))
    report = records.bring(
        table(
            Kind.HOMES,
            row(),
            row(house_code=OTHER, address="南岭村3栋1204", residents="", phones=""),
            row(house_code="A1", residents="", phones=""),
            row(house_code="A1", residents="", phones=""),
        )
    )
    assert report.problems == []
    assert report.counts == {"unchanged": 1, "updated": 1, "new": 1, "repeated": 1}


def test_a_second_import_of_the_same_list_changes_nothing(records: Records) -> None:
    before = records.everything()
    assert records.bring(table(Kind.HOMES, row())).counts == {"unchanged": 1}
    assert records.everything() == before


def test_rows_of_one_home_that_disagree_are_refused(records: Records) -> None:
    report = records.bring(table(Kind.HOMES, row(), row(address="别处", residents="")))
    assert [(each.row, each.column) for each in report.problems] == [(3, "house_code")]
    assert "row 2" in report.problems[0].wrong


def test_a_row_for_each_resident_makes_one_home(records: Records) -> None:
    first, second = row(residents="甲", phones="13900000008"), row(residents="乙", phones="")
    assert records.bring(table(Kind.HOMES, first, second)).counts == {"updated": 1}
    shown = records.shown(Kind.HOMES, CODE)
    assert shown is not None
    assert (shown["residents"], shown["phones"]) == ("甲、乙", "+8613900000008、-")


def test_an_error_names_row_column_and_remedy_and_never_a_person(records: Records) -> None:
    report = records.bring(table(Kind.HOMES, row(residents="赵六" * 40, phones="1390000x")))
    assert {each.column for each in report.problems} == {"residents", "phones"}
    assert all(each.row == 2 and each.instead for each in report.problems)
    said = json.dumps(report.as_json(), ensure_ascii=False)
    assert "赵六" not in said
    assert "1390000x" not in said
    assert CODE not in said


def test_what_an_empty_cell_or_an_absent_column_does_not_say_stays(records: Records) -> None:
    report = records.bring(table(Kind.HOMES, {"house_code": CODE, "address": "", "team": "team-3"}))
    assert [each.wrong for each in report.problems] != []  # not all columns: no list of homes
    assert records.bring(
        table(Kind.HOMES, {"house_code": CODE, "team": "team-3"}), Kind.HOMES
    ).counts == {"unchanged": 1}


def test_a_dry_run_reports_the_same_and_changes_nothing(records: Records) -> None:
    before = records.everything()
    content = table(Kind.HOMES, row(address="改了"), row(house_code=OTHER, residents="", phones=""))
    tried = records.bring(content, dry_run=True)
    assert records.everything() == before
    assert records.bring(content).counts == tried.counts == {"updated": 1, "new": 1}


def test_what_somebody_else_changed_meanwhile_is_staged_again(records: Records) -> None:
    around, staging = records.staged()
    entry = from_values(Kind.HOMES, row(address="一"), around.zone)
    report = stage_entry(Kind.HOMES, entry, around)
    records.enter(Kind.HOMES, house_code=CODE, address="二")
    before = records.everything()
    with pytest.raises(ConflictError):
        records.switch(report, staging, around.seal)
    assert records.everything() == before


# ---- orders ----


def test_an_order_that_is_prolonged_keeps_its_watch(records: Records) -> None:
    before = records.watch()
    records.enter(Kind.HOMES, house_code=CODE, ends_at="2026-12-06 10:00")
    assert records.watch() == before
    assert records.rows("SELECT state FROM orders") == [("extended",)]


def test_a_later_order_is_another_watch_and_takes_the_devices_over(records: Records) -> None:
    records.enter(Kind.DEVICES, device="door-1", house_code=CODE, place="前门")
    before = records.watch()
    records.enter(Kind.HOMES, house_code=CODE, **LATER)
    after = records.watch()
    assert after != before
    assert records.rows("SELECT watch FROM devices") == [(after,)]
    assert records.rows("SELECT state FROM orders WHERE watch = ?", before) == [("released",)]
    assert [binding for (binding,) in records.rows("SELECT watch FROM bindings ORDER BY id")] == [
        before,
        after,
    ]


def test_a_home_without_an_order_keeps_no_names(records: Records) -> None:
    assert records.enter(
        Kind.HOMES, house_code="A1", building="nl-3", team="team-3", address="南岭村3栋1"
    ).is_good
    report = records.enter(Kind.HOMES, house_code="A1", residents="王五")
    assert [each.column for each in report.problems] == ["starts_at"]


def test_an_order_that_ended_meanwhile_stays_ended(records: Records) -> None:
    around, staging = records.staged()
    values = {"house_code": CODE, "notice_served_at": "2026-11-20 08:00"}
    report = stage_entry(Kind.HOMES, from_values(Kind.HOMES, values, around.zone), around)
    with closing(records.database.writer()) as connection, connection.begin():
        connection.exec_driver_sql("UPDATE orders SET state = 'ended'")
    records.switch(report, staging, around.seal)
    assert records.rows("SELECT state FROM orders") == [("ended",)]


def test_what_was_imported_is_what_the_engine_watches(records: Records) -> None:
    records.enter(Kind.DEVICES, device="door-1", house_code=CODE, place="前门")
    with records.database.read() as connection:
        found = watches(connection, records.keys, Policy())
    (watch,) = found.watches.values()
    assert watch.is_active(NOW)
    assert (watch.address, watch.devices) == ("南岭村3栋1203", ("door-1",))
    assert [contact.id for contact in watch.team.contacts] == ["team-3/worker"]


# ---- people ----


def test_names_phones_and_whose_home_it_is_lie_nowhere_in_the_open(records: Records) -> None:
    records.enter(Kind.DEVICES, device="door-1", house_code=CODE)
    watch = records.watch()
    said = {name: repr(rows) for name, rows in records.everything().items()}
    assert not [name for name, text in said.items() if "张三" in text or "王小明" in text]
    assert not [name for name, text in said.items() if "1390000000" in text]
    for name, rows in records.everything().items():
        assert not [each for each in rows if watch in repr(each) and CODE in repr(each)], name


def test_a_staging_file_tells_nothing_to_who_finds_it(records: Records) -> None:
    around, staging = records.staged()
    entry = from_values(Kind.HOMES, row(residents="赵六"), around.zone)
    stage_entry(Kind.HOMES, entry, around)
    assert "赵六".encode() not in staging.read_bytes()
    assert staging.stat().st_mode & 0o077 == 0


def test_residents_become_unreadable_with_the_key_of_their_order(records: Records) -> None:
    records.keys.shred(records.watch())
    ((watch, sealed),) = records.rows("SELECT watch, sealed FROM residents LIMIT 1")
    with pytest.raises(UnreadableError):
        records.keys.unseal(watch, sealed)


def test_a_mask_that_is_brought_back_changes_nobody(records: Records) -> None:
    before = records.everything()
    for kind in (Kind.HOMES, Kind.TEAMS):
        masked = records.exported(kind, is_masked=True)
        assert "张三".encode() not in masked
        assert records.bring(masked).counts == {"unchanged": 1}
    assert records.everything() == before


def test_a_mask_of_somebody_else_is_refused(records: Records) -> None:
    report = records.enter(Kind.HOMES, house_code=CODE, residents="赵**")
    assert [each.column for each in report.problems] == ["residents"]


# ---- devices ----


def test_a_device_that_moved_leaves_its_past_where_it_was(records: Records) -> None:
    records.enter(Kind.HOMES, **row(house_code=OTHER, address="南岭村3栋1204"))
    records.enter(Kind.DEVICES, device="door-1", house_code=CODE, place="前门")
    records.now = NOW + timedelta(hours=2)
    records.enter(Kind.DEVICES, device="door-1", house_code=OTHER)
    with records.database.read() as connection:
        early, late = (
            binding_at(connection, "door-1", NOW + timedelta(hours=hours)) for hours in (1, 3)
        )
        never = binding_at(connection, "door-1", NOW - timedelta(hours=1))
    assert early is not None
    assert late is not None
    assert (early.watch, late.watch) == (records.watch(), records.watch(OTHER))
    assert never is None


def test_a_device_that_is_taken_away_hangs_nowhere(records: Records) -> None:
    records.enter(Kind.DEVICES, device="door-1", house_code=CODE, make="Aqara")
    records.enter(Kind.DEVICES, device="door-1", house_code="-")
    shown = records.shown(Kind.DEVICES, "door-1")
    assert shown is not None
    assert (shown["house_code"], shown["state"], shown["make"]) == ("", "removed", "Aqara")
    assert records.rows("SELECT until_at IS NULL FROM bindings") == [(0,)]


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ({"house_code": "nowhere"}, "house_code"),
        ({"building": "nowhere"}, "building"),
        ({"house_code": CODE, "building": "nl-4"}, "building"),
        ({"state": "in_service"}, "house_code"),
    ],
)
def test_a_device_without_a_place_is_refused(
    records: Records, values: dict[str, str], column: str
) -> None:
    report = records.enter(Kind.DEVICES, device="door-1", **values)
    assert [each.column for each in report.problems] == [column]


def test_a_device_does_not_skip_its_trial(records: Records) -> None:
    records.enter(Kind.DEVICES, device="door-1", state="registered")
    report = records.enter(Kind.DEVICES, device="door-1", house_code=CODE, state="in_service")
    assert "one of mounted" in report.problems[0].instead


# ---- places and teams ----


def test_an_area_stands_below_one_of_a_higher_level(records: Records) -> None:
    content = table(
        Kind.AREAS,
        {"id": "nw", "name": "南湾街道", "level": "街道"},
        {"id": "nl", "name": "南岭社区", "level": "社区", "parent": "nw"},
    )
    assert records.bring(content).counts[Change.NEW] == 2
    report = records.enter(Kind.AREAS, id="nw", parent="nl")
    assert [each.column for each in report.problems] == ["parent"]


def test_a_shift_is_known_to_the_whole_team(records: Records) -> None:
    member = {"team": "team-3", "role": "医生", "shift": "day"}
    said = {"shift_starts": "8:00", "shift_until": "20:00"}
    first, second = {**member, "member": "doctor", **said}, {**member, "member": "second"}
    assert records.bring(table(Kind.TEAMS, first, second)).counts[Change.NEW] == 2
    shown = records.shown(Kind.TEAMS, "team-3/second")
    assert shown is not None
    assert (shown["shift_starts"], shown["shift_until"]) == ("08:00", "20:00")


def test_a_street_sees_its_own(records: Records) -> None:
    records.enter(Kind.AREAS, id="nw", name="南湾街道", level="街道")
    records.enter(Kind.AREAS, id="nl", name="南岭社区", level="社区", parent="nw")
    records.enter(Kind.AREAS, id="bj", name="布吉街道", level="街道")
    records.enter(Kind.BUILDINGS, id="nl-3", area="nl")
    records.enter(Kind.DEVICES, device="door-1", house_code=CODE)
    for kind, key in ((Kind.HOMES, CODE), (Kind.DEVICES, "door-1"), (Kind.TEAMS, "team-3/worker")):
        assert records.shown(kind, key, area="nw") is not None
        assert records.shown(kind, key, area="bj") is None
