"""Who is where: tags of homes, buildings and devices, as they were at the time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, insert, update

from alerts.tables import micros
from gateway.export.directory import SALTED, Directory, with_tags
from gateway.registry.history import follow_bindings
from gateway.registry.tables import bindings
from gateway.schema.tables import areas, buildings, devices
from tests.fakes.released import HOME, OTHER, Life

HOUR = timedelta(hours=1)


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    life = Life(tmp_path)
    yield life
    life.kill()


@pytest.fixture
def connection(life: Life) -> Connection:
    return life.connection


def load(life: Life, home_names: str = "code") -> Directory:
    with life.connection.begin():
        return Directory.load(life.connection, life.keys, home_names)


def stand_in(life: Life, area: str) -> None:
    """Let the building stand in an area of a tree of five levels."""
    tree = (
        *(("sz", "city", None), ("lg", "district", "sz"), ("nw", "street", "lg")),
        *(("nl", "community", "nw"), ("nl-2", "grid", "nl")),
    )
    with life.connection.begin():
        for id_, level, parent in tree:
            row = {"id": id_, "name": id_, "level": level, "parent": parent}
            life.connection.execute(insert(areas).values(row))
        life.connection.execute(update(buildings).values(area=area))


def test_a_home_has_all_tags_of_its_place_in_order_of_their_names(life: Life) -> None:
    stand_in(life, "nl-2")
    watch = life.watch()
    assert load(life).place(watch) == (
        f",building=b3,community=nl,grid=nl-2,home={HOME},team=team-3,watch={watch}"
    )


def test_a_building_that_hangs_at_a_community_has_no_grid(life: Life) -> None:
    stand_in(life, "nl")
    assert load(life).building("b3") == ",building=b3,community=nl"


def test_a_building_above_communities_has_neither(life: Life) -> None:
    stand_in(life, "lg")
    assert load(life).building("b3") == ",building=b3"


def test_areas_that_stand_in_a_circle_end_somewhere(life: Life) -> None:
    stand_in(life, "nl-2")
    with life.connection.begin():
        life.connection.execute(update(areas).where(areas.c.id == "sz").values(parent="nl"))
    assert load(life).building("b3") == ",building=b3,community=nl,grid=nl-2"


def test_a_salted_home_is_no_house_code_and_the_same_each_time(life: Life) -> None:
    watch = life.watch()
    first, again = load(life, SALTED), load(life, SALTED)
    assert HOME not in str(first.place(watch))
    assert first.home_key(watch) == again.home_key(watch)
    assert first.home_key(watch) != first.home_key(life.watch(OTHER))
    assert load(life).home_key(watch) == HOME


def test_a_salted_home_cannot_be_told_once_the_key_is_gone(life: Life) -> None:
    """Who knows every house code, and has the database, still cannot try them all."""
    watch = life.watch()
    before = load(life, SALTED).home_key(watch)
    assert life.keys.digest(watch, HOME) == before
    life.keys.shred(watch)
    life.keys.ensure([watch])
    assert life.keys.digest(watch, HOME) != before


def test_a_device_that_moved_leaves_what_it_said_at_the_home_where_it_said_it(life: Life) -> None:
    old, new = life.watch(), life.watch(OTHER)
    moved_at = life.now + HOUR
    with life.connection.begin():
        life.connection.execute(
            update(devices).where(devices.c.id == "door-kept").values(watch=new)
        )
        follow_bindings(life.connection, moved_at)
    directory = load(life)
    before, after = micros(moved_at) - 1, micros(moved_at)
    assert directory.at("door-kept", before).watch == old  # type: ignore[union-attr]
    assert directory.at("door-kept", after).watch == new  # type: ignore[union-attr]


def test_before_it_was_mounted_a_device_hung_nowhere(life: Life) -> None:
    assert load(life).at("door-kept", micros(life.now) - 1) is None
    assert load(life).at("stranger", micros(life.now)) is None


def test_a_device_without_bindings_hangs_where_its_row_says(life: Life) -> None:
    with life.connection.begin():
        life.connection.execute(delete(bindings))
    where = load(life).at("door-kept", 0)
    assert where is not None
    assert where.watch == life.watch()


def test_a_device_of_the_building_has_no_home(life: Life) -> None:
    with life.connection.begin():
        row = {"id": "lobby", "watch": None, "building": "b3", "device_class": "mains"}
        life.connection.execute(insert(devices).values(**row, place="", settings="{}"))
        follow_bindings(life.connection, life.now)
    where = load(life).at("lobby", micros(life.now))
    assert where is not None
    assert (where.watch, where.tags) == (None, ",building=b3")


def test_a_released_home_is_nowhere_and_neither_is_what_hung_there(life: Life) -> None:
    watch = life.watch()
    life.happen()
    life.release()
    directory = load(life)
    assert directory.place(watch) is None
    assert watch not in directory.watches
    assert directory.at("door-kept", micros(life.now)) is None


def test_a_device_at_its_next_home_brings_nothing_along_from_a_released_one(life: Life) -> None:
    said_at = micros(life.now)
    life.release()
    life.now += HOUR
    with life.connection.begin():
        row = {"id": "door-kept", "watch": life.watch(OTHER), "building": "b3"}
        more = {"device_class": "mains", "place": "", "settings": "{}"}
        life.connection.execute(insert(devices).values(**row, **more))
        follow_bindings(life.connection, life.now)
    directory = load(life)
    assert directory.at("door-kept", said_at) is None
    assert directory.at("door-kept", micros(life.now)).watch == life.watch(OTHER)  # type: ignore[union-attr]


def test_more_tags_stand_among_those_of_the_place_wherever_they_belong() -> None:
    place = ",building=b,grid=a\\,b,home=h,team=t,watch=w"
    assert with_tags(place, to="open", matter="help", contact="t/a b", device=None) == (
        ",building=b,contact=t/a\\ b,grid=a\\,b,home=h,matter=help,team=t,to=open,watch=w"
    )
    assert with_tags("", kind="alarm") == ",kind=alarm"


def test_tags_of_a_device_are_the_same_whichever_way_they_are_made(life: Life) -> None:
    stand_in(life, "nl-2")
    directory = load(life)
    where = directory.at("door-kept", micros(life.now))
    assert where is not None
    for _ in range(2):
        made = directory.tags(where, "door-kept", "door", "back 1")
        assert made == with_tags(where.tags, device="door-kept", kind="door", part="back 1")
