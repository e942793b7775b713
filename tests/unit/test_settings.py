"""Wrong files of settings are refused in words that say where and what to do."""

import re
from pathlib import Path

import pytest

from alerts.policy import Policy
from gateway import config, settings_page
from gateway.homes import file as homes_file
from gateway.settings import SettingsError


def read(tmp_path: Path, text: str) -> config.Config:
    path = tmp_path / "menshen.toml"
    path.write_text(text, encoding="utf-8")
    return config.load(path)


def complaint(tmp_path: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, text)
    return str(caught.value).removeprefix(str(tmp_path))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[mqtt]\nprot = 1", '/menshen.toml: mqtt: unknown key "prot" (did you mean "port"?)'),
        (
            "[policy.opning]\nbounce_s = 1",
            '/menshen.toml: policy: unknown key "opning" (did you mean "opening"?)',
        ),
        (
            "[qqq]",
            '/menshen.toml: top of the file: unknown key "qqq" (known: broker, channels, gateway,',
        ),
        (
            '[[channels]]\nkind = "console"\n[[channels]]\nkind = "gsm"\nbuad = 1',
            '/menshen.toml: channels[2]: unknown key "buad" (did you mean "baud"?)',
        ),
        ('base_dir = "x"', '/menshen.toml: top of the file: unknown key "base_dir"'),
    ],
)
def test_an_unknown_key_names_the_nearest_known_one(tmp_path: Path, text: str, said: str) -> None:
    assert complaint(tmp_path, text).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[mqtt]\nport = "x"', "mqtt.port: must be a whole number, but is a text in quotes"),
        ("[mqtt]\nport = 70000", "mqtt.port: must be a whole number <= 65535"),
        ("[mqtt]\nhost = 1", "mqtt.host: must be a text in quotes, but is a whole number"),
        ("mqtt = 1", "mqtt: must be a table, but is a whole number"),
        ('[gateway]\nlanguage = "fr"', 'gateway.language: must be "en" | "zh"'),
        ('[[channels]]\nkind = "pigeon"', 'channels[1].kind: must be "gsm" | "console"'),
        ('[[channels]]\nname = "x"', 'channels[1]: "kind" is missing'),
        (
            '[policy.opening]\nnight_from = "25"',
            'policy.opening.night_from: must be a local time of day such as "22:00"',
        ),
        ("[policy.telling]\nstep_s = 0", "policy.telling.step_s: must be greater than zero"),
        ('[policy]\ntimezone = "Moon/Sea"', "policy.timezone: no such time zone"),
        (
            '[[channels]]\nkind = "console"\n[[channels]]\nkind = "console"',
            'channels: two are named "console"',
        ),
        ("[mqtt", "is not valid TOML"),
    ],
)
def test_a_wrong_value_says_what_is_wanted(tmp_path: Path, text: str, said: str) -> None:
    assert complaint(tmp_path, text).startswith(f"/menshen.toml: {said}")


NUMBERS = [
    each.key
    for each in config.settings()
    if each.key.startswith("policy.") and each.type in {"number", "whole number"}
]


@pytest.mark.parametrize("key", NUMBERS)
@pytest.mark.parametrize("value", ["-1", "1e12", "nan", "inf"])
def test_no_number_of_the_policy_may_be_absurd(tmp_path: Path, key: str, value: str) -> None:
    table, _, name = key.rpartition(".")
    assert f"{key}: must be " in complaint(tmp_path, f"[{table}]\n{name} = {value}\n")


@pytest.mark.parametrize("key", [key for key in NUMBERS if key.endswith("_s")])
def test_no_delay_may_be_nothing_or_longer_than_a_month(tmp_path: Path, key: str) -> None:
    table, _, name = key.rpartition(".")
    for value in ("0", "2592001"):
        said = complaint(tmp_path, f"[{table}]\n{name} = {value}\n")
        assert f"{key}: must be greater than zero and at most 2592000 (30 days)" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[policy.opening]\nrepeated_count = 0", "opening.repeated_count: must be 1 to 100000"),
        ("[policy.supervision]\noutage_devices = 1", "supervision.outage_devices: must be 2 to"),
        ("[policy.supervision]\nheartbeats_missed = 0.5", "heartbeats_missed: must be 1 to"),
        ("[policy.supervision]\nbattery_low_pct = 101", "must be a percentage, 0 to 100"),
        ("[policy.supervision]\nbattery_low_pct = 40", "battery_ok_pct: must be battery_low_pct"),
        ('[policy.opening]\nnight_from = "24:00"', "night_from: must be a local time of day"),
        ('[policy.opening]\nnight_from = "22:00+08:00"', "night_from: must be a local time of day"),
    ],
)
def test_counts_percentages_and_times_have_their_limits(
    tmp_path: Path, text: str, said: str
) -> None:
    assert said in complaint(tmp_path, text)


def test_announcements_may_be_none_at_all(tmp_path: Path) -> None:
    assert read(tmp_path, "[policy.announcing]\nper_day = 0\n").policy.announcing.per_day == 0


def test_an_absent_file_says_what_writes_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent\.toml: no such file; `menshen init`"):
        config.load(tmp_path / "absent.toml")


def test_a_file_in_another_encoding_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "menshen.toml").write_bytes('[gateway]\nname = "门"'.encode("gbk"))
    with pytest.raises(SettingsError, match="save it as UTF-8"):
        config.load(tmp_path / "menshen.toml")


def test_an_empty_file_is_a_whole_configuration(tmp_path: Path) -> None:
    empty = read(tmp_path, "")
    assert empty.policy == Policy()
    assert empty.client_id == "menshen-menshen"


def test_paths_are_relative_to_the_file_and_not_to_where_it_was_read(tmp_path: Path) -> None:
    moved = read(tmp_path, '[gateway]\ndata_dir = "data"\nhomes_file = "/etc/homes.toml"')
    assert moved.database_file == tmp_path / "data" / "menshen.db"
    assert moved.keys_file == tmp_path / "data" / "keys" / "keys.json"
    assert moved.homes_file == Path("/etc/homes.toml")


def test_a_policy_file_needs_no_more_than_its_policy(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("[policy.opening]\nleft_open_s = 60\n", encoding="utf-8")
    assert config.load_policy(path).opening.left_open_s == 60


@pytest.mark.parametrize("settings", [config.settings(), homes_file.settings()])
def test_every_setting_is_documented(settings: list[config.Setting]) -> None:
    assert len(settings) > 30
    undocumented = [setting.key for setting in settings if len(setting.what) < 8]
    assert undocumented == []


def test_the_list_of_settings_says_type_and_default() -> None:
    by_key = {setting.key: setting for setting in config.settings()}
    assert by_key["mqtt.port"][1:3] == ("whole number", "1883")
    assert by_key["gateway.language"][1:3] == ('"en" | "zh"', '"zh"')
    assert by_key["channels[](gsm).baud"].default == "115200"
    assert by_key["policy.opening.night_from"].what == by_key["policy.opening.night_until"].what


def test_the_page_of_settings_has_a_row_for_each() -> None:
    page = settings_page.render()
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) == len(config.settings()) + len(homes_file.settings())
    assert all(re.sub(r"\\\|", "", row).count("|") == 5 for row in rows)
    assert "| `port` | whole number | `1883` | TCP port; 8883 is usual with TLS. |" in rows
    assert '### `[[channels]]` with `kind = "gsm"`' in page
