"""One action ends an order and all that was known of its home; nothing of it comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import delete, update

from alerts.tables import conditions, decisions, incidents, notices, permits, silences
from alerts.wording import WORDINGS
from gateway.audit import store as audit
from gateway.audit.tables import audit_said
from gateway.db import empty_log, overwriting
from gateway.export.erasures import SECOND_LOOK, Outcome, settle
from gateway.export.tables import erasures
from gateway.privacy import KeyStore, UnreadableError
from gateway.registry.tables import equipment, residents
from gateway.release import box, certificate, farewell, freed
from gateway.release.escrow import beside
from gateway.release.releasing import NotReleasedError
from gateway.release.tables import freed_devices, record_codes, releases
from gateway.schema.tables import device_states, devices, journal, metadata, orders
from gateway.settings import SettingsError
from gateway.web.record_words import LANGUAGES
from tests.fakes.released import CONTEST, HOME, NOW, OTHER, PERSONAL, Life, street

PLAIN = (conditions, incidents, notices, permits, decisions, residents)


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    lived = Life(tmp_path)
    lived.happen()
    yield lived
    lived.kill()


def watches_in(life: Life) -> set[str]:
    """Every watch that a table still names in the clear."""
    found = {row.watch for table in PLAIN for row in life.rows(table)}
    found |= {row.subject for row in life.rows(silences)}
    found |= {row.watch for table in (orders, devices) for row in life.rows(table)}
    return found - {None}


# ---- at once ----


def test_nothing_of_a_released_home_is_left_in_any_table_that_is_looked_at(life: Life) -> None:
    watch = life.watch()
    assert watch in watches_in(life)
    life.release()
    assert watch not in watches_in(life)
    assert life.codes() == {OTHER}


def test_no_table_that_names_a_watch_is_forgotten() -> None:
    """Whoever adds one says here what becomes of it at a release."""
    own = {"releases", "record_codes", "contests", "erasures"}
    naming = {table.name for table in metadata.tables.values() if "watch" in table.columns}
    # Of silences and changes of the register the watch is the subject.
    boxed = {each.table.name for each in box.BELONGINGS if "watch" in each.table.columns}
    assert naming - own == boxed


def test_every_class_of_data_has_a_name_in_both_languages() -> None:
    counted = {each.counts_as for each in box.BELONGINGS} | {"contests", "words_of_the_audit"}
    for words in LANGUAGES.values():
        assert set(words.classes) == counted


def test_its_key_is_where_no_screen_looks_for_keys(life: Life) -> None:
    watch = life.watch()
    life.release()
    assert watch not in life.keys.owners()
    assert watch not in KeyStore.open(life.keys.path).owners()
    with pytest.raises(UnreadableError):
        life.keys.unseal(watch, life.rows(releases)[0].box)


def test_a_held_key_opens_nothing_without_the_key_store(life: Life, tmp_path: Path) -> None:
    life.release()
    (row,) = life.rows(releases)
    stranger = KeyStore.create(tmp_path / "elsewhere" / "keys.json")
    beside(stranger.path).write_bytes(beside(life.keys.path).read_bytes())
    from gateway.release.escrow import Escrow

    with pytest.raises(UnreadableError):
        Escrow(stranger).opened(row.watch)


def test_the_whole_record_is_in_the_box_for_who_contests_it(life: Life) -> None:
    life.release()
    (row,) = life.rows(releases)
    rows = box.unseal(life.releasing.escrow.opened(row.watch), row.watch, row.box)
    assert {each["kind"] for each in rows["conditions"]} >= {"opened", "seal_broken"}
    assert rows["homes"][0]["code"] == HOME
    assert len(rows["residents"]) == len(rows["permits"]) == len(rows["silences"]) == 1


def test_what_waited_to_be_sent_about_it_ends_superseded_and_nothing_else_does(life: Life) -> None:
    assert any(row.state == "pending" for row in life.rows(notices))
    life.hears("door-other", 5, "open")
    life.release()
    (row,) = life.rows(releases)
    rows = box.unseal(life.releasing.escrow.opened(row.watch), row.watch, row.box)
    assert {each["state"] for each in rows["notices"]} == {"superseded"}
    assert {each["cause"] for each in rows["incidents"]} == {"order_ended"}
    assert "door-other" in {row.device for row in life.rows(conditions)}
    assert {row.state for row in life.rows(notices)} == {"pending"}


def test_a_text_that_was_just_going_out_is_settled_without_being_sent_again(life: Life) -> None:
    with life.connection.begin():
        life.connection.execute(update(notices).values(state="sending"))
    life.release()
    (row,) = life.rows(releases)
    rows = box.unseal(life.releasing.escrow.opened(row.watch), row.watch, row.box)
    assert {each["state"] for each in rows["notices"]} == {"unconfirmed"}
    assert {row.contact[:9] for row in life.rows(notices)} == {"resident:"}


@pytest.mark.parametrize("language", WORDINGS)
def test_residents_are_told_in_one_part_with_no_name_and_no_home(language: str) -> None:
    said = farewell.text(language, date(2026, 12, 31))
    assert len(said.encode("utf-16-le")) // 2 <= 70
    assert said.startswith(WORDINGS[language].signature)


def test_a_residents_phone_is_texted_once_and_forgotten_after_a_day(life: Life) -> None:
    life.release()
    (told,) = [row for row in life.rows(notices) if row.contact.startswith("resident:")]
    assert life.releasing.farewells.phones(told.contact) == (PERSONAL[1],)
    assert (told.watch, told.incident) == (None, None)
    life.passes(timedelta(days=1, minutes=1))
    assert life.releasing.farewells.phones(told.contact) == ()
    assert PERSONAL[1] not in repr(life.releasing)


def test_nothing_its_devices_say_is_decided_about_or_told_any_more(life: Life) -> None:
    life.release()
    life.hears("door-kept", 9, "open")
    life.passes(timedelta(hours=30))
    assert {row.contact[:9] for row in life.rows(notices)} == {"resident:"}
    state = life.pipeline.state
    assert state is not None
    assert set(state.devices) == {"door-other"}
    assert "door-kept" not in {row.device for row in life.rows(device_states)}


def test_it_stays_released_after_a_start(life: Life, tmp_path: Path) -> None:
    life.release()
    life.kill()
    again = Life(tmp_path)
    assert again.codes() == {OTHER}
    assert again.pipeline.state is not None
    assert len(again.pipeline.state.watches) == 1
    again.kill()


def test_a_file_that_still_names_the_order_does_not_begin_it_again(life: Life) -> None:
    life.release()
    life.take_in()
    assert life.codes() == {OTHER}
    assert {row.id for row in life.rows(devices)} == {"door-other"}


def test_a_new_order_of_the_same_home_is_watched(life: Life) -> None:
    life.release()
    first = life.said.homes[0]
    order = msgspec.structs.replace(first.order, starts_at=NOW)
    renewed = msgspec.structs.replace(first, order=order)
    others = tuple(each for each in life.said.devices if each.id == "door-other")
    life.said = msgspec.structs.replace(
        life.said, homes=(renewed, life.said.homes[1]), devices=others
    )
    life.take_in()
    assert life.codes() == {HOME, OTHER}


def test_an_order_is_released_once(life: Life) -> None:
    watch = life.watch()
    life.release()
    with pytest.raises(NotReleasedError):
        life.releasing.release(life.connection, watch, "machine", "again", life.now)
    assert len(life.rows(releases)) == 1


def test_an_order_taken_out_of_the_file_is_released_too(life: Life) -> None:
    life.said = msgspec.structs.replace(
        life.said, homes=life.said.homes[1:], devices=life.said.devices[2:]
    )
    life.take_in()
    life.pipeline.reload(life.connection, life.now)
    life.work()
    assert len(life.rows(releases)) == 1
    assert life.rows(residents) == []
    assert {row.device for row in life.rows(freed_devices)} == {"door-kept", "seal-kept"}


def test_who_released_and_why_is_audited_and_as_unreadable_as_the_rest(life: Life) -> None:
    life.release("医生签字解除")
    with life.database.read() as connection:
        (told,) = audit.latest(connection, life.keys, 1)
        assert audit.verify(connection, life.keys, []) is None
    assert (told.action, told.actor, told.subject, told.detail) == ("released", "machine", "", "")


# ---- by the calendar ----


def test_an_order_that_is_over_is_released_by_itself(tmp_path: Path) -> None:
    life = Life(tmp_path, said=street(NOW + timedelta(hours=1)))
    life.happen()
    life.passes(timedelta(minutes=59))
    assert life.codes() == {HOME, OTHER}
    life.passes(timedelta(minutes=2))
    assert life.codes() == {OTHER}
    life.kill()


def test_no_order_ends_on_a_clock_that_is_not_to_be_believed(tmp_path: Path) -> None:
    life = Life(tmp_path, said=street(NOW + timedelta(hours=1)), is_trusted=False)
    life.happen()
    life.passes(timedelta(days=300))
    assert HOME in life.codes()
    assert life.rows(releases) == []
    assert any(row.reason == "clock_not_trusted" for row in life.rows(notices))  # the lead is asked
    life.kill()


# ---- fourteen days later ----


def test_the_key_is_destroyed_after_the_time_for_contesting_and_not_before(life: Life) -> None:
    watch = life.watch()
    life.release()
    life.passes(CONTEST - timedelta(minutes=1))
    assert life.releasing.escrow.owners() == {watch}
    life.passes(timedelta(minutes=2))
    assert life.releasing.escrow.owners() == set()
    (row,) = life.rows(releases)
    assert (row.watch, row.box) == (None, None)
    assert json.loads(row.certificate)["stage"] == "destroyed"
    assert life.rows(record_codes) == []


def test_no_key_is_destroyed_on_a_clock_that_is_not_to_be_believed(life: Life) -> None:
    life.release()
    life.is_trusted = False
    life.passes(timedelta(days=400))
    assert life.releasing.escrow.owners()
    life.is_trusted = True
    life.passes(timedelta(0))
    assert not life.releasing.escrow.owners()


def test_released_on_a_wrong_clock_the_time_for_contesting_begins_with_a_right_one(
    life: Life,
) -> None:
    life.is_trusted = False
    life.release()
    life.now += timedelta(days=60)  # the clock is set
    life.is_trusted = True
    life.work()
    assert life.releasing.escrow.owners()
    life.passes(CONTEST)
    assert not life.releasing.escrow.owners()


def test_nothing_personal_is_left_in_any_file(life: Life) -> None:
    watch = life.watch()
    sealed = life.rows(residents)[0].sealed
    life.release()
    life.hears("door-kept", 9, "open")
    assert b"door-kept" in life.bytes_on_disk()
    life.now += timedelta(seconds=1)
    with life.connection.begin():
        for device in ("door-kept", "seal-kept"):
            freed.wiped(life.connection, device, life.now)
    life.passes(CONTEST)
    life.passes(timedelta(hours=2))
    # The list of devices itself stays; with it gone nothing names them.
    with overwriting(life.connection), life.connection.begin():
        life.connection.execute(delete(equipment).where(equipment.c.device.endswith("-kept")))
    assert empty_log(life.connection)
    left = life.bytes_on_disk()
    for personal in (*PERSONAL, watch, "医生签字解除"):
        assert personal.encode() not in left, personal
    assert sealed not in left
    assert b"door-other" in left


def test_the_audit_is_whole_without_its_words(life: Life) -> None:
    life.release()
    life.passes(CONTEST)
    assert [row.owner for row in life.rows(audit_said)] == ["gateway"]  # that a key was destroyed
    with life.database.read() as connection:
        assert audit.verify(connection, life.keys, []) is None


# ---- devices ----


def test_a_freed_device_is_refused_at_another_home_until_it_was_wiped(life: Life) -> None:
    life.release()
    moved = msgspec.structs.replace(life.said.devices[0], home=OTHER)
    life.said = msgspec.structs.replace(life.said, devices=(moved, life.said.devices[2]))
    with pytest.raises(SettingsError, match=r"menshen device wiped door-kept"):
        life.take_in()
    with life.connection.begin():
        assert freed.wiped(life.connection, "door-kept", life.now)
        assert not freed.wiped(life.connection, "door-kept", life.now)
    life.take_in()
    assert {row.id for row in life.rows(devices)} == {"door-kept", "door-other"}


def test_what_a_device_says_of_a_door_that_is_free_is_not_kept(life: Life) -> None:
    life.release()
    life.hears("door-kept", 9, "open")
    life.hears("door-other", 5, "open")
    before = len(life.rows(journal))
    life.work()
    assert len(life.rows(journal)) == before - 1
    assert life.rows(journal)[-1].device == "door-other"


def test_raw_records_of_the_order_go_with_its_key_and_those_of_others_stay(life: Life) -> None:
    life.release()
    life.work()
    assert "door-kept" in {row.device for row in life.rows(journal)}
    life.passes(CONTEST)
    assert {row.device for row in life.rows(journal)} == {"door-other"}


def test_influxdb_that_is_away_keeps_nothing_of_a_free_door_in_the_journal(life: Life) -> None:
    life.exports()  # and its cursor stays where it is
    life.release()
    life.hears("door-kept", 9, "open")
    life.work()
    assert len([row for row in life.rows(journal) if b'"seq": 9' in row.payload]) == 0
    life.passes(CONTEST)
    assert {row.device for row in life.rows(journal)} == {"door-other"}


def test_what_a_device_said_before_it_was_moved_goes_and_what_it_says_since_stays(
    life: Life,
) -> None:
    life.now += timedelta(minutes=5)
    moved = msgspec.structs.replace(life.said.devices[0], home=OTHER)
    life.said = msgspec.structs.replace(life.said, devices=(moved, *life.said.devices[1:]))
    life.take_in()
    life.pipeline.reload(life.connection, life.now)
    life.now += timedelta(minutes=5)
    life.hears("door-kept", 30, "open")
    life.release()
    assert "door-kept" in {row.id for row in life.rows(devices)}
    with life.database.read() as connection:
        assert [each.device for each in freed.unwiped(connection)] == ["seal-kept"]
    life.passes(CONTEST)
    left = [row for row in life.rows(journal) if row.device == "door-kept"]
    assert [b'"seq": 30' in row.payload for row in left] == [True]


def test_a_device_wiped_and_used_again_keeps_the_records_of_its_new_home(life: Life) -> None:
    life.release()
    life.now += timedelta(minutes=1)
    with life.connection.begin():
        freed.wiped(life.connection, "door-kept", life.now)
    moved = msgspec.structs.replace(life.said.devices[0], home=OTHER)
    life.said = msgspec.structs.replace(life.said, devices=(moved, life.said.devices[2]))
    life.take_in()
    life.pipeline.reload(life.connection, life.now)
    life.now += timedelta(minutes=1)
    life.hears("door-kept", 20, "open")
    life.passes(CONTEST)
    life.passes(timedelta(hours=2))
    assert [row.device for row in life.rows(journal)].count("door-kept") == 1
    assert {row.device for row in life.rows(freed_devices)} == {"seal-kept"}


# ---- the certificate ----


def test_the_promise_and_the_proof_are_signed_and_tied_to_the_home_by_the_code(life: Life) -> None:
    released = life.release()
    public = certificate.signing_key(life.releasing.signing_key_file).public_key()
    tie = certificate.tie_of(released.code, HOME)
    assert released.certificate["stage"] == "promised"
    assert certificate.why_not(released.certificate, public, tie) is None
    life.passes(CONTEST)
    proof = json.loads(life.rows(releases)[0].certificate)
    assert certificate.why_not(proof, public, tie) is None
    assert proof["destroyed_on"] == "2026-12-05"
    other = certificate.tie_of(released.code, OTHER)
    assert certificate.why_not(proof, public, other) is certificate.Fault.OTHER_HOME


def test_a_proof_says_what_became_of_the_copies_in_influxdb(life: Life) -> None:
    life.release()
    life.passes(CONTEST)
    assert _copies(life) == {"state": "none", "on": None}


def test_a_proof_does_not_say_that_copies_are_gone_before_they_are(life: Life) -> None:
    life.exports()
    life.release()
    assert _copies(life) is None  # a promise says nothing of them
    life.passes(CONTEST)
    assert _copies(life) == {"state": "not_proven", "on": None}
    for _ in range(2):
        life.now += SECOND_LOOK
        (row,) = life.rows(erasures)
        with life.connection.begin():
            settle(life.connection, Outcome(row.id, 0, ""), life.now)
    life.work()
    assert _copies(life) == {"state": "deleted", "on": "2026-12-07"}
    assert life.rows(erasures) == []  # the certificate has all of it


def _copies(life: Life) -> object:
    (row,) = life.rows(releases)
    return json.loads(row.certificate)["copies"]


def test_a_certificate_leads_to_nobody(life: Life) -> None:
    watch = life.watch()
    written = json.dumps(life.release().certificate, ensure_ascii=False)
    for word in (*PERSONAL, watch, HOME, "南岭村", "team-3"):
        assert word not in written
