"""A Pi that would wear its card out, or not come back by itself, is told what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import Config
from gateway.doctor.machine import examine
from gateway.health import Level

DATA = "/data/menshen"
GOOD = {
    "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.5\0",
    "proc/mounts": "overlayroot / overlay rw,relatime 0 0\n"
    f"/dev/mmcblk0p3 {DATA} ext4 rw,noatime 0 0\n",
    "proc/swaps": "Filename Type Size Used Priority\n/dev/zram0 partition 1 0 100\n",
    "sys/class/watchdog/watchdog0/state": "active\n",
    "sys/class/rtc/rtc0/name": "rtc-ds1307\n",
    "sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids\n",
    "etc/apt/apt.conf.d/20auto-upgrades": 'APT::Periodic::Unattended-Upgrade "1";\n',
}


def told(root: Path, **changed: str | None) -> list[tuple[Level, str]]:
    """Return what is said of a good Pi with some files changed or missing, by their last name."""
    for name, text in GOOD.items():
        found = changed.get(Path(name).stem, text)
        if found is not None:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(found, encoding="utf-8")
    config = Config(base_dir=DATA)
    return [(advice.level, advice.what) for advice in examine(config, root)]


def test_of_a_good_pi_one_line_is_said(tmp_path: Path) -> None:
    [(level, what)] = told(tmp_path)
    assert level is Level.OK
    assert what.startswith("Raspberry Pi 4")


def test_of_another_machine_nothing_is_said(tmp_path: Path) -> None:
    assert told(tmp_path, model=None, swaps="x\n/swapfile file 1 0 -2\n") == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"mounts": "/dev/root / ext4 rw,noatime 0 0\n"}, "a power cut may damage it"),
        ({"swaps": "Filename\n/var/swap file 1 0 -2\n"}, "/var/swap is swap on the card"),
        ({"state": "inactive\n"}, "nothing restarts it"),
        ({"state": None}, "nothing restarts it"),
        ({"name": None}, "no clock with a battery"),
        ({"cgroup": "cpuset cpu io pids\n"}, "memory limits do nothing"),
        ({"20auto-upgrades": None}, "security updates"),
        (
            {"mounts": f"/dev/root / ext4 ro 0 0\n/dev/sda1 {DATA} ext4 rw,strictatime 0 0\n"},
            "notes each reading",
        ),
    ],
)
def test_each_weakness_is_named(tmp_path: Path, changed: dict[str, str | None], said: str) -> None:
    [(level, what)] = told(tmp_path, **changed)
    assert level is Level.WARN
    assert said in what


def test_data_that_a_restart_would_lose_is_bad(tmp_path: Path) -> None:
    [(level, what)] = told(tmp_path, mounts="overlayroot / overlay rw,relatime 0 0\n")
    assert level is Level.BAD
    assert "a restart loses all of it" in what


def test_a_log_on_the_card_is_named_until_it_is_kept_in_memory(tmp_path: Path) -> None:
    (tmp_path / "var/log/journal").mkdir(parents=True)
    [(_, what)] = told(tmp_path)
    assert "log is written to the card" in what
    folder = tmp_path / "etc/systemd/journald.conf.d"
    folder.mkdir(parents=True)
    shipped = Path(__file__).parents[2] / "deploy/systemd/journald.conf.d/menshen.conf"
    (folder / "menshen.conf").write_bytes(shipped.read_bytes())
    [(level, _)] = told(tmp_path)
    assert level is Level.OK


def test_in_a_container_what_it_hides_is_not_guessed_at(tmp_path: Path) -> None:
    (tmp_path / ".dockerenv").touch()
    [(level, _)] = told(tmp_path, mounts="overlay / overlay rw 0 0\n", **{"20auto-upgrades": None})
    assert level is Level.OK
