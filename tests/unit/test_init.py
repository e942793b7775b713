"""`menshen init` writes a gateway that loads, and never over anything."""

import re
import stat
from pathlib import Path

from gateway import config
from gateway.homes.file import load_file
from gateway.init import example_config, init
from gateway.privacy import KeyStore


def test_a_new_gateway_loads_as_written(tmp_path: Path) -> None:
    written = init(tmp_path / "etc" / "menshen.toml")
    assert all(file.is_new for file in written)
    fresh = config.load(tmp_path / "etc" / "menshen.toml")
    assert [channel.name for channel in fresh.channels] == ["console"]
    assert load_file(fresh.homes_file).homes[0].order.notice_served_at is None
    assert KeyStore.open(fresh.keys_file).owners() == {"gateway"}
    assert len(fresh.token_file.read_text(encoding="utf-8").strip()) >= 40


def test_secrets_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    for file in init(tmp_path / "menshen.toml"):
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600, file.path
    assert stat.S_IMODE((tmp_path / "menshen-data").stat().st_mode) == 0o700


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    init(tmp_path / "menshen.toml")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    (tmp_path / "homes.toml").unlink()
    again = init(tmp_path / "menshen.toml")
    assert [file.path.name for file in again if file.is_new] == ["homes.toml"]
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_two_gateways_have_different_tokens_and_keys(tmp_path: Path) -> None:
    first = {file.path.name: file.path.read_bytes() for file in init(tmp_path / "a" / "m.toml")}
    second = {file.path.name: file.path.read_bytes() for file in init(tmp_path / "b" / "m.toml")}
    assert first["token"] != second["token"]
    assert first["keys.json"] != second["keys.json"]


def test_taking_away_every_mark_gives_the_same_configuration(tmp_path: Path) -> None:
    lines = example_config().splitlines()
    uncommented = [
        line.removeprefix("# ") for line in lines if line.startswith(("[", "# [[")) or " = " in line
    ]
    path = tmp_path / "menshen.toml"
    path.write_text("\n".join(uncommented), encoding="utf-8")
    whole = config.load(path)
    assert [channel.name for channel in whole.channels] == ["gsm", "console", "push"]
    assert whole.policy == config.Config().policy
    assert (whole.mqtt, whole.web, whole.journal) == (
        config.Mqtt(),
        config.Web(),
        config.Journal(),
    )


def test_no_device_of_the_example_names_its_home(tmp_path: Path) -> None:
    init(tmp_path / "menshen.toml")
    street = load_file(tmp_path / "homes.toml")
    assert street.devices
    door = re.compile(r"[0-9]{3,}")
    numbers = {found for home in street.homes for found in door.findall(home.address + home.code)}
    assert not [device for device in street.devices if set(door.findall(device.id)) & numbers]
