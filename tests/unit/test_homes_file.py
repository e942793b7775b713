"""A homes file is refused in words that name table, entry and remedy, and nobody's phone."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from alerts.policy import Policy
from gateway.homes.file import e164, load_file, merged_policy
from gateway.settings import SettingsError

GOOD = """
[[areas]]
id = "a"
name = "社区"
level = "community"
[[buildings]]
id = "b"
name = "3栋"
area = "a"
[[teams]]
id = "t"
shifts = [{ name = "day", starts = "08:00", until = "20:00" }]
members = [
  { id = "w", role = "worker", name = "王小明", phones = ["139 1234 5678"], shift = "day" },
]
[[homes]]
code = "440307001"
building = "b"
team = "t"
address = "南岭村3栋1203"
order = { starts_at = 2026-11-20T10:00:00+08:00, ends_at = 2026-12-04T10:00:00+08:00 }
[[devices]]
id = "door-1"
home = "440307001"
[[permits]]
home = "440307001"
from_at = 2026-11-21T09:00:00+08:00
until_at = 2026-11-21T10:00:00+08:00
purpose = "meal"
granted_by = "t/lead"
"""


def load(tmp_path: Path, text: str) -> Any:
    path = tmp_path / "homes.toml"
    path.write_text(text, encoding="utf-8")
    return load_file(path)


def test_a_good_file_is_read(tmp_path: Path) -> None:
    street = load(tmp_path, GOOD)
    assert street.homes[0].order.starts_at == datetime(2026, 11, 20, 2, tzinfo=UTC)
    assert street.teams[0].members[0].phones == ("+8613912345678",)


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ('building = "b"', 'building = "c"', 'homes[1].building: no such building "c"'),
        ('team = "t"', 'team = "tt"', 'homes[1].team: no such team "tt" (did you mean "t"?)'),
        ('area = "a"', 'area = "x"', 'buildings[1] (id "b").area: no such area "x"'),
        ('id = "door-1"\nhome = "440307001"', 'id = "door-1"', 'give either "home" or "building"'),
        (
            'id = "door-1"\nhome = "440307001"',
            'id = "door-1"\nhome = "99887766"',
            'devices[1] (id "door-1").home: no home in this file has this code',
        ),
        (
            '["139 1234 5678"]',
            '["1391234567x"]',
            'teams (id "t").members (id "w").phones[1]: is no',
        ),
        ('shift = "day"', 'shift = "dya"', 'no such shift "dya" (did you mean "day"?)'),
        ('until = "20:00"', 'until = "20"', "until: must be a local time of day"),
        ('until = "20:00"', 'until = "08:00"', "starts and until are the same"),
        ("2026-12-04T10:00:00+08:00", "2026-11-19T10:00:00+08:00", "ends_at is not later than"),
        ("2026-12-04T10:00:00+08:00", "2026-12-04T10:00:00", "order.ends_at: must be a date with"),
        ("2026-12-04T10:00:00+08:00", "2026-12-04", "order.ends_at: must be a date with"),
        ("from_at = 2026-11-21T09", "from_at = 2026-11-21T11", "permits[1]: until_at is not later"),
        ('purpose = "meal"', 'purpose = "party"', 'permits[1].purpose: must be "delivery" | '),
        ('role = "worker"', 'role = "boss"', 'members[1].role (id "w"): must be "worker" | '),
        (
            'address = "南',
            'policy = { opening = { left_open = 1 } }\naddress = "南',
            'homes[1]: policy: opening: unknown key "left_open" (did you mean "left_open_s"?)',
        ),
        ('name = "3栋"', 'name = "3栋"\nlevel = "strict"', 'buildings[1] (id "b"): unknown key'),
        ('level = "community"', 'level = "grid"\nparent = "a"', "does not stand above"),
    ],
)
def test_a_wrong_entry_is_named_with_what_is_wanted(
    tmp_path: Path, was: str, becomes: str, said: str
) -> None:
    assert was in GOOD
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, GOOD.replace(was, becomes, 1))
    assert said in str(caught.value)


@pytest.mark.parametrize("table", ["areas", "buildings", "teams", "devices"])
def test_an_id_that_stands_twice_is_refused(tmp_path: Path, table: str) -> None:
    start = GOOD.index(f"[[{table}]]")
    end = GOOD.find("[[", start + 2)
    with pytest.raises(SettingsError, match=f'{table}: ".*" stands 2 times'):
        load(tmp_path, GOOD + GOOD[start:end])


def device(device_id: str, bridge: str = "") -> str:
    return f'[[devices]]\nid = "{device_id}"\nhome = "440307001"\nbridge = "{bridge}"\n'


def test_a_native_device_and_one_of_zigbee2mqtt_may_not_share_an_id(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r'"door-1" stands 2 times; .*Zigbee2MQTT too: rename'):
        load(tmp_path, GOOD + device("door-1", "zigbee2mqtt"))


@pytest.mark.parametrize("bridge", ["", "zigbee2mqtt"])
def test_a_name_that_reads_like_a_device_of_another_bridge_is_refused(
    tmp_path: Path, bridge: str
) -> None:
    text = GOOD + device("floor2/door", "floor2") + device("floor2/seal", bridge)
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, text)
    assert 'devices[3] (id "floor2/seal").id: devices behind the bridge "floor2"' in str(
        caught.value
    )
    assert 'bridge = "floor2"' in str(caught.value)


def test_a_name_with_a_slash_is_refused_only_where_such_a_bridge_is_named(tmp_path: Path) -> None:
    text = GOOD + device("floor2/door", "zigbee2mqtt") + device("floor22/door", "floor22")
    assert len(load(tmp_path, text).devices) == 3


def test_a_device_may_not_be_called_like_what_is_kept_of_a_bridge(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="rename the device"):
        load(tmp_path, GOOD + device("bridge:zigbee2mqtt"))


def test_no_error_repeats_a_phone_a_name_or_a_house_code(tmp_path: Path) -> None:
    start, end = GOOD.index("[[homes]]"), GOOD.index("[[devices]]")
    broken = [
        GOOD + GOOD[start:end],
        GOOD.replace('["139 1234 5678"]', '["13912345678", "139123456789999999"]'),
        GOOD.replace('["139 1234 5678"]', "[13912345678]"),
        GOOD.replace('name = "王小明"', 'nmae = "王小明"'),
        GOOD.replace('home = "440307001"\nfrom', 'home = "440307002"\nfrom'),
        GOOD.replace('code = "440307001"', "code = 440307001"),
    ]
    for text in broken:
        with pytest.raises(SettingsError) as caught:
            load(tmp_path, text)
        said = str(caught.value)
        assert not any(secret in said for secret in ("1391234", "王小明", "440307")), said


def test_a_street_that_is_logged_shows_no_phone_and_no_name(tmp_path: Path) -> None:
    said = repr(load(tmp_path, GOOD))
    assert "MemberRow('w')" in said
    assert not any(secret in said for secret in ("1391234", "王小明"))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("13912345678", "+8613912345678"),
        ("+86 139-1234-5678", "+8613912345678"),
        ("008613912345678", "+8613912345678"),
        ("+4915112345678", "+4915112345678"),
        ("10086", "10086"),
        ("139123456789", None),
        ("", None),
        ("１３９", "139"),
        ("'; drop", None),
    ],
)
def test_phones_are_brought_into_the_form_networks_use(written: str, read: str | None) -> None:
    assert e164(written) == read


def test_a_home_differs_from_the_policy_only_in_what_it_names() -> None:
    merged = merged_policy(Policy(timezone="Asia/Urumqi"), {"opening": {"left_open_s": 60}})
    assert merged.opening.left_open_s == 60
    assert merged.opening.bounce_s == Policy().opening.bounce_s
    assert merged.timezone == "Asia/Urumqi"
