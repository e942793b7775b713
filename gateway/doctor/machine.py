"""Looks at the Raspberry Pi itself: what wears its card out, and what brings it back by itself.

Only on a Pi, whose card and clock are its weak sides; docs/pi.md says how to mend each.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from gateway.config import Config
from gateway.doctor.advice import Advice, bad, ok, warn

PART = "machine"
ROOT = Path("/")


def examine(config: Config, root: Path = ROOT) -> Iterator[Advice]:
    """Examine it; nothing is said of other machines. `root`: where its files are looked for."""
    model = _read(root / "proc/device-tree/model").strip("\0\n ")
    if not model.startswith("Raspberry Pi"):
        return
    findings = [*_swap(root), *_watchdog(root), *_clock(root), *_memory_limits(root)]
    if not (root / ".dockerenv").exists():  # a container hides the rest
        findings += [*_disks(config, root), *_journal(root), *_upgrades(root)]
    yield from findings
    if not findings:
        yield ok(PART, f"{model}: as docs/pi.md has it")


def _disks(config: Config, root: Path) -> Iterator[Advice]:
    """Look at whether a power cut can damage the system, and whether reading writes."""
    mounts = _mounts(root)
    kind, options = mounts.get("/", ("", ""))
    if kind != "overlay" and "ro" not in options.split(","):
        yield warn(
            PART,
            "the system's own disk is written to: a power cut may damage it",
            "mount it read-only, or with an overlay, and the data directory from a partition",
        )
    place = _mount_of(config.data_dir, mounts)
    kind, options = mounts.get(place, ("", ""))
    if kind in {"overlay", "tmpfs"}:
        yield bad(
            PART,
            f"{config.data_dir} is in memory ({kind}): a restart loses all of it",
            "put it on a partition of its own, which the overlay leaves alone",
        )
    elif not {"noatime", "relatime", "ro"} & set(options.split(",")):
        yield warn(PART, f"{place} notes each reading", "mount it with noatime")


def _swap(root: Path) -> Iterator[Advice]:
    lines = _read(root / "proc/swaps").splitlines()[1:]
    if used := [line.split()[0] for line in lines if not line.startswith("/dev/zram")]:
        yield warn(
            PART,
            f"{used[0]} is swap on the card",
            "`systemctl disable --now dphys-swapfile`; zram does without the card",
        )


def _watchdog(root: Path) -> Iterator[Advice]:
    state = _read(root / "sys/class/watchdog/watchdog0/state").strip()
    if state != "active":
        yield warn(
            PART,
            "nothing restarts it when it hangs",
            "install deploy/systemd/system.conf.d/menshen.conf as"
            " /etc/systemd/system.conf.d/menshen.conf, and restart",
        )


def _clock(root: Path) -> Iterator[Advice]:
    if not (root / "sys/class/rtc/rtc0").exists():
        yield warn(
            PART,
            "no clock with a battery: after a power cut without network it does not know the time",
            "fit one (DS3231 on I2C, or the battery of a Pi 5): docs/pi.md",
        )


def _memory_limits(root: Path) -> Iterator[Advice]:
    """Raspberry Pi's firmware switches them off, and whoever sets one is not told."""
    v2 = root / "sys/fs/cgroup/cgroup.controllers"
    if v2.exists() and "memory" not in v2.read_text(encoding="ascii").split():
        yield warn(
            PART,
            "memory limits do nothing: one program can take it all",
            "add `cgroup_enable=memory` to /boot/firmware/cmdline.txt, and restart",
        )


def _journal(root: Path) -> Iterator[Advice]:
    if (root / "var/log/journal").is_dir() and not any(
        "Storage=volatile" in _read(path)
        for path in (root / "etc/systemd/journald.conf.d").glob("*.conf")
    ):
        yield warn(
            PART,
            "the system's log is written to the card",
            "install deploy/systemd/journald.conf.d/menshen.conf as"
            " /etc/systemd/journald.conf.d/menshen.conf",
        )


def _upgrades(root: Path) -> Iterator[Advice]:
    written = _read(root / "etc/apt/apt.conf.d/20auto-upgrades")
    if 'APT::Periodic::Unattended-Upgrade "1"' not in written:
        yield warn(
            PART,
            "security updates are not installed by themselves",
            "`apt install unattended-upgrades`, `dpkg-reconfigure -plow unattended-upgrades`",
        )


def _mounts(root: Path) -> dict[str, tuple[str, str]]:
    """Return type and options of what is mounted, by where."""
    lines = (line.split() for line in _read(root / "proc/mounts").splitlines())
    return {fields[1]: (fields[2], fields[3]) for fields in lines if len(fields) > 3}


def _mount_of(path: Path, mounts: dict[str, tuple[str, str]]) -> str:
    around = [os.path.realpath(each) for each in (path, *path.parents)]
    return next((each for each in around if each in mounts), "/")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
