"""The services: systemd understands them, they may little, and they can still do their work."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fakes.programs import need

ROOT = Path(__file__).parents[2]
SYSTEMD = ROOT / "deploy" / "systemd"
UNITS = SYSTEMD / "system"
OURS = sorted(path.name for path in UNITS.glob("menshen*"))
OTHERS = sorted(path.parent.name.removesuffix(".d") for path in UNITS.glob("*.d/menshen.conf"))


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, with programs that are there, and what others ship that they are added to."""
    for path in UNITS.iterdir():
        if path.is_dir():
            shutil.copytree(path, tmp_path / path.name)
            base = tmp_path / path.name.removesuffix(".d")
            base.write_text("[Service]\nExecStart=/bin/true\n", encoding="utf-8")
        else:
            text = path.read_text(encoding="utf-8")
            text = text.replace("/opt/menshen/.venv/bin/menshen", "/bin/true")
            (tmp_path / path.name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("unit", OURS + OTHERS)
def test_systemd_understands_every_line(units: Path, unit: str) -> None:
    command = [need("systemd-analyze"), "verify", "--man=no", str(units / unit)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stderr) == (0, "")


@pytest.mark.parametrize(
    ("unit", "at_most"), [("menshen.service", 2.5), ("menshen-backup.service", 1.5)]
)
def test_a_service_is_exposed_no_more_than_it_must_be(
    units: Path, unit: str, at_most: float
) -> None:
    command = [
        need("systemd-analyze"),
        "security",
        "--offline=yes",
        "--no-pager",
        str(units / unit),
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert found is not None
    assert float(found[1]) <= at_most


def filtered(unit: str) -> set[str]:
    """Return the system calls that a service may make, by name, in the order of its lines."""
    listed = subprocess.run(
        [need("systemd-analyze"), "syscall-filter", "--no-pager"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    groups: dict[str, list[str]] = {}
    name = ""
    for line in listed.splitlines():
        if line.startswith("@"):
            name = line.strip()
        elif line.startswith("    ") and not line.strip().startswith("#"):
            groups.setdefault(name, []).append(line.strip())

    def calls(written: str) -> set[str]:
        if not written.startswith("@"):
            return {written}
        return set().union(*map(calls, groups[written]))

    allowed = set[str]()
    for line in re.findall(r"^SystemCallFilter=(.+)$", (UNITS / unit).read_text(), re.MULTILINE):
        named = set().union(*map(calls, line.removeprefix("~").split()))
        allowed = allowed - named if line.startswith("~") else allowed | named
    return allowed


@pytest.mark.parametrize("unit", ["menshen.service", "menshen-backup.service"])
def test_a_service_may_ask_whether_the_clock_is_synchronised_and_not_set_it(unit: str) -> None:
    """Forbidden to ask, it would take the clock for wrong: no order would end, ever."""
    allowed = filtered(unit)
    assert {"adjtimex", "clock_adjtime"} <= allowed
    assert not allowed & {
        "clock_settime",
        "settimeofday",
        "mount",
        "ptrace",
        "reboot",
        "init_module",
    }
    text = (UNITS / unit).read_text(encoding="utf-8")
    assert not re.search("^ProtectClock=", text, re.MULTILINE)
    assert "CapabilityBoundingSet=\n" in text


def test_the_gateway_may_use_modem_and_pins_and_no_other_device() -> None:
    text = (UNITS / "menshen.service").read_text(encoding="utf-8")
    assert "DevicePolicy=closed" in text
    assert re.findall(r"^DeviceAllow=(\S+)", text, re.MULTILINE) == [
        "char-ttyUSB",
        "char-ttyACM",
        "char-gpiochip",
    ]


def test_every_service_that_stays_is_started_anew_for_ever_and_limited() -> None:
    for name in ("menshen.service", *(f"{other}.d/menshen.conf" for other in OTHERS)):
        text = (UNITS / name).read_text(encoding="utf-8")
        for wanted in ("Restart=always", "StartLimitIntervalSec=0", "MemoryMax=", "LogRateLimit"):
            assert wanted in text, (name, wanted)


def test_the_bell_is_the_file_that_the_gateway_rings() -> None:
    text = (UNITS / "menshen-bell.path").read_text(encoding="utf-8")
    assert "PathChanged=/etc/mosquitto/menshen/bell\n" in text


def test_the_watchdog_of_a_pi_is_fed_in_time() -> None:
    text = (SYSTEMD / "system.conf.d/menshen.conf").read_text(encoding="utf-8")
    found = re.search(r"^RuntimeWatchdogSec=(\d+)s$", text, re.MULTILINE)
    assert found is not None
    assert int(found[1]) < 16  # what bcm2835_wdt can count to


def test_no_log_grows_for_ever() -> None:
    text = (SYSTEMD / "journald.conf.d/menshen.conf").read_text(encoding="utf-8")
    for wanted in ("Storage=volatile", "RuntimeMaxUse=", "SystemMaxUse=", "MaxRetentionSec="):
        assert wanted in text
