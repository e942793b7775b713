"""A homes file and the tables agree, records keep their watch, and nothing personal lies open."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, select, text, update

from alerts.model import DeviceClass, Role
from alerts.policy import Policy
from alerts.tables import metadata, permits
from gateway import homes
from gateway.homes.store import end_orders, standing_orders
from gateway.homes.watching import read_teams
from gateway.privacy import KeyStore, KeyStoreError
from gateway.schema.tables import homes as homes_table
from gateway.schema.tables import orders

NOW = datetime(2026, 11, 21, 4, tzinfo=UTC)
STARTS = "starts_at = 2026-11-20T10:00:00+08:00"
ENDS = "ends_at = 2026-12-04T10:00:00+08:00"
LATER = "ends_at = 2026-12-18T10:00:00+08:00"

STREET = """
[[buildings]]
id = "b"
name = "3栋"
[[teams]]
id = "t"
shifts = [{ name = "day", starts = "08:00", until = "20:00" }]
members = [
  { id = "w", role = "worker", name = "王小明", phones = ["13912345678"], shift = "day" },
  { id = "l", role = "lead", name = "李四", phones = ["13912345679", "13912345678"] },
]
beyond = [{ id = "desk", role = "street", name = "值班室", phones = ["13900000007"] }]
overrides = [{ absent = "w", instead = "l", from_at = 2026-11-21T08:00:00+08:00, \
until_at = 2026-11-22T08:00:00+08:00 }]
[[homes]]
code = "440307001"
building = "b"
team = "t"
address = "南岭村3栋1203"
short_address = "3栋1203"
policy = { opening = { left_open_s = 60 } }
order = { starts_at = 2026-11-20T10:00:00+08:00, ends_at = 2026-12-04T10:00:00+08:00, \
notice_served_at = 2026-11-20T09:00:00+08:00 }
[[homes]]
code = "440307002"
building = "b"
team = "t"
address = "南岭村3栋1204"
order = { starts_at = 2026-11-20T10:00:00+08:00, ends_at = 2026-12-04T10:00:00+08:00 }
[[devices]]
id = "door-1"
home = "440307001"
place = "前门"
bridge = "zigbee2mqtt"
settings = { invert = true }
[[devices]]
id = "lobby"
building = "b"
class = "mains"
[[permits]]
home = "440307001"
from_at = 2026-11-21T09:00:00+08:00
until_at = 2026-11-21T10:00:00+08:00
purpose = "meal"
granted_by = "t/l"
"""


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore.create(tmp_path / "keys.json")


Load = Callable[[str], bool]


@pytest.fixture
def load(connection: Connection, keys: KeyStore, tmp_path: Path) -> Load:
    path = tmp_path / "homes.toml"

    def refresh(written: str) -> bool:
        path.write_text(written, encoding="utf-8")
        return homes.refresh(connection, path, keys, NOW)

    return refresh


def test_what_the_file_says_is_what_is_watched(
    load: Load, connection: Connection, keys: KeyStore
) -> None:
    load(STREET)
    watching = homes.watches(connection, keys, Policy(timezone="Asia/Urumqi"))
    by_address = {watch.address: watch for watch in watching.watches.values()}
    served, unserved = by_address["南岭村3栋1203"], by_address["南岭村3栋1204"]
    assert served.is_active(NOW)
    assert not unserved.is_active(NOW)
    assert (served.short_address, unserved.short_address) == ("3栋1203", "南岭村3栋1204")
    assert served.policy.opening.left_open_s == 60
    assert served.policy.timezone == unserved.policy.timezone == "Asia/Urumqi"
    assert unserved.policy.opening.left_open_s == Policy().opening.left_open_s
    assert served.devices == ("door-1",)
    assert served.team is unserved.team is watching.teams["t"]


def test_the_team_comes_back_in_its_order_with_shifts_and_overrides(
    load: Load, connection: Connection
) -> None:
    load(STREET)
    team = read_teams(connection)["t"]
    assert [(contact.id, contact.role, contact.shift) for contact in team.contacts] == [
        ("t/w", Role.WORKER, "day"),
        ("t/l", Role.LEAD, None),
    ]
    assert [contact.id for contact in team.beyond] == ["t/desk"]
    assert team.shifts[0].starts.hour == 8
    assert (team.overrides[0].absent, team.overrides[0].instead) == ("t/w", "t/l")
    assert team.overrides[0].from_at == datetime(2026, 11, 21, tzinfo=UTC)


def test_devices_come_with_what_differs_from_their_make(
    load: Load, connection: Connection, keys: KeyStore
) -> None:
    load(STREET)
    watching = homes.watches(connection, keys, Policy())
    by_id = {device.id: device for device in watching.devices}
    assert by_id["door-1"].watch in watching.watches
    assert by_id["door-1"].bridge == "zigbee2mqtt"
    assert by_id["lobby"].watch is None
    assert by_id["lobby"].device_class is DeviceClass.MAINS
    assert {name: each.invert for name, each in watching.settings.items()} == {"door-1": True}


def test_the_phone_book_goes_both_ways_and_shows_itself_to_no_log(
    load: Load, connection: Connection, keys: KeyStore
) -> None:
    load(STREET)
    book = homes.phone_book(connection, keys)
    assert book.phones("t/l") == ("+8613912345679", "+8613912345678")
    assert book.contacts("+8613912345678") == ("t/l", "t/w")
    assert book.phones("nobody") == book.contacts("+8613900000000") == ()
    assert "139" not in f"{book!r} {book}"


def test_loading_the_same_file_again_changes_nothing(
    load: Load, connection: Connection, keys: KeyStore
) -> None:
    assert load(STREET)
    before = everything(connection)
    assert not load(STREET)
    assert load(STREET + "# a comment\n")
    changed = {name for name, rows in everything(connection).items() if rows != before[name]}
    assert changed == {"meta"}


def test_a_changed_file_changes_only_what_differs(load: Load, connection: Connection) -> None:
    load(STREET)
    before = everything(connection)
    load(STREET.replace("13900000007", "13900000008").replace("前门", "后门"))
    after = everything(connection)
    differing = {name for name in after if after[name] != before[name]} - {"meta"}
    assert differing == {"contacts", "devices"}
    assert len(set(after["contacts"]) - set(before["contacts"])) == 1


def test_a_corrected_period_keeps_its_watch(
    load: Load, connection: Connection, keys: KeyStore
) -> None:
    load(STREET)
    before = watch_of(connection, keys, "440307001")
    load(STREET.replace(f"{STARTS}, {ENDS}", f"{STARTS.replace('20T', '19T')}, {LATER}"))
    assert watch_of(connection, keys, "440307001") == before
    assert connection.scalar(select(orders.c.state).where(orders.c.watch == before)) == "extended"


def test_a_later_period_of_the_same_home_is_another_watch(
    load: Load, connection: Connection, keys: KeyStore
) -> None:
    load(STREET)
    before = watch_of(connection, keys, "440307001")
    load(STREET.replace(f"{STARTS}, {ENDS}", f"starts_at = 2026-12-04T10:00:00+08:00, {LATER}"))
    assert watch_of(connection, keys, "440307001") != before
    assert connection.scalar(select(orders.c.state).where(orders.c.watch == before)) == "released"


def test_a_home_taken_out_of_the_file_is_not_watched_any_more(
    load: Load, connection: Connection, keys: KeyStore
) -> None:
    load(STREET)
    gone = watch_of(connection, keys, "440307002")
    start = STREET.index("[[homes]]", STREET.index("440307001"))
    load(STREET[:start] + STREET[STREET.index("[[devices]]") :])
    assert gone not in homes.watches(connection, keys, Policy()).watches
    assert connection.scalars(select(homes_table.c.code)).all() == ["440307001"]
    assert gone in keys.owners()  # its key goes with its data, not before


def test_names_phones_and_whose_home_it_is_lie_nowhere_in_the_open(
    load: Load, connection: Connection, keys: KeyStore
) -> None:
    load(STREET)
    tables = everything(connection)
    for name, rows in tables.items():
        said = repr(rows)
        assert not any(secret in said for secret in ("王小明", "李四", "1391234", "1390000")), name
    watch = watch_of(connection, keys, "440307001")
    for name, rows in tables.items():
        tied = [row for row in rows if watch in repr(row) and "440307001" in repr(row)]
        assert tied == [], name


def test_permits_of_the_file_are_entered_once_and_end_with_their_line(
    load: Load, connection: Connection, keys: KeyStore
) -> None:
    load(STREET)
    row = connection.execute(select(permits)).one()
    assert row.watch == watch_of(connection, keys, "440307001")
    assert (row.purpose, row.granted_by, row.revoked_at) == ("meal", "t/l", None)
    assert keys.unseal(row.watch, row.asked_by) == ""
    connection.execute(update(permits).values(used_at=1))
    load(STREET + "# again\n")
    assert connection.execute(select(permits)).one().used_at == 1
    load(STREET[: STREET.index("[[permits]]")])
    assert connection.execute(select(permits)).one().revoked_at is not None


def test_a_key_store_that_does_not_fit_is_said_by_name(
    load: Load, connection: Connection, tmp_path: Path
) -> None:
    load(STREET)
    other = KeyStore.create(tmp_path / "other.json")
    with pytest.raises(
        KeyStoreError, match=r"other\.json does not fit the database: it has no key"
    ):
        homes.refresh(connection, tmp_path / "homes.toml", other, NOW)


def test_a_wrong_file_changes_nothing(load: Load, connection: Connection) -> None:
    load(STREET)
    before = everything(connection)
    with pytest.raises(ValueError, match="no such team"):
        load(STREET.replace('team = "t"', 'team = "x"'))
    assert everything(connection) == before


def watch_of(connection: Connection, keys: KeyStore, code: str) -> str:
    return next(order.watch for order in standing_orders(connection, keys) if order.code == code)


def everything(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    return {
        table.name: [tuple(row) for row in connection.execute(text(f"SELECT * FROM {table.name}"))]
        for table in metadata.sorted_tables
    }


def test_an_order_that_ended_is_watched_no_more_whatever_the_file_still_says(
    load: Load, connection: Connection, keys: KeyStore
) -> None:
    load(STREET)
    end_orders(connection, homes.watches(connection, keys, Policy()).watches)
    load(STREET.replace("前门", "后门"))
    assert homes.watches(connection, keys, Policy()).watches == {}


def test_an_order_that_ended_goes_on_under_its_watch_where_the_file_prolongs_it(
    load: Load, connection: Connection, keys: KeyStore
) -> None:
    load(STREET)
    before = homes.watches(connection, keys, Policy()).watches
    end_orders(connection, before)
    load(STREET.replace(ENDS, LATER))
    assert homes.watches(connection, keys, Policy()).watches.keys() == before.keys()
