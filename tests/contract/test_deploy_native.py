"""What `menshen stack init` makes, run by the real programs: broker, gateway, InfluxDB's engine.

The shipped configurations are used as they are; ports and directories alone are this test's.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from gateway.broker import free_port, is_taken
from gateway.cli.app import app
from gateway.config import Config, load
from gateway.doctor import examine
from gateway.export.preparing import kept
from gateway.export.reaching import reach
from gateway.health import Level
from gateway.stack.layout import BELL, Kind
from tests.fakes.accounts import Client
from tests.fakes.fault_wait import until
from tests.fakes.influx import Influx2
from tests.fakes.influx_engine import influx_engine
from tests.fakes.programs import need

pytestmark = pytest.mark.mosquitto

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "deploy" / "mosquitto"
WITHOUT_WRITABLE_CODE = (
    "import ctypes, os, sys;"
    "refused = ctypes.CDLL(None).prctl(65, 1, 0, 0, 0);"  # PR_SET_MDWE, Linux 6.3
    "os.execv(sys.argv[1], sys.argv[1:])"
)
"""What MemoryDenyWriteExecute= of the service comes to."""


@dataclass
class Site:
    """One machine, as `menshen stack init` left it, on ports of its own."""

    home: Path
    kind: Kind
    ports: dict[int, int]

    @property
    def file(self) -> Path:
        return self.home / "menshen" / "menshen.toml"

    @property
    def config(self) -> Config:
        return load(self.file)

    @property
    def trusted(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.home / "broker" / "ca.crt"))

    def menshen(self, *words: str) -> str:
        said = CliRunner().invoke(app, [*words, "--config", str(self.file)])
        assert said.exit_code == 0, said.output
        return said.stdout

    def moved(self, text: str) -> str:
        """Return a shipped configuration with this test's ports and directories."""
        for was, becomes in {
            "/etc/mosquitto/menshen": str(self.home / "broker"),
            "/mosquitto/config/conf.d": str(self.home / "conf.d"),
            "/mosquitto/data": str(self.home),
            **{f"listener {was}": f"listener {port}" for was, port in self.ports.items()},
        }.items():
            text = text.replace(was, becomes)
        return text


def made(home: Path, kind: Kind) -> Site:
    """Run the command, then change what two installations on one machine cannot share."""
    folders = {"broker": home / "broker", "grafana": home / "grafana"}
    words = ["stack", "init", str(home / "menshen"), "--kind", kind, "--name", "gate.local"]
    words += [word for name, path in folders.items() for word in (f"--{name}-dir", str(path))]
    said = CliRunner().invoke(app, words)
    assert said.exit_code == 0, said.output
    ports = {port: free_port() for port in (1883, 8882, 8883, 8443)}
    site = Site(home, kind, ports)
    written = site.file.read_text(encoding="utf-8")
    for was, becomes in {
        "port = 8443": f"port = {ports[8443]}",
        'host = "mosquitto"': "# its name leads nowhere here; its certificate is for loopback too",
        "port = 8882": f"port = {ports[8882]}",
        "# port = 1883": f"port = {ports[1883]}",
        "# vitals_every_s = 60": "vitals_every_s = 10",
    }.items():
        written = written.replace(was, becomes, 1)
    site.file.write_text(written, encoding="utf-8")
    return site


@contextmanager
def mosquitto(site: Site) -> Iterator[subprocess.Popen[bytes]]:
    """Run mosquitto as the container does: the shipped files, below the script that hears."""
    (site.home / "conf.d").mkdir()
    for name in ("menshen.conf", "accounts.conf"):
        text = (SHIPPED / name).read_text(encoding="utf-8")
        (site.home / "conf.d" / name).write_text(site.moved(text), encoding="utf-8")
    shipped = (ROOT / "deploy/docker/mosquitto.conf").read_text(encoding="utf-8")
    config = site.home / "mosquitto.conf"
    # Started by root it would become a user who may not read this directory.
    config.write_text(f"user root\n{site.moved(shipped)}", encoding="utf-8")
    script = str(ROOT / "deploy/docker/mosquitto.sh")
    program = Path(need("mosquitto")).parent
    with (site.home / "mosquitto.log").open("wb") as log:
        running = subprocess.Popen(
            ["/bin/sh", script, str(config), str(site.home / "broker" / BELL)],
            env={"PATH": f"{program}:/usr/bin:/bin"},
            stdout=log,
            stderr=log,
        )
    try:
        for port in (1883, 8882, 8883):
            until(lambda port=port: is_taken(site.ports[port]), "mosquitto listens")
        yield running
    finally:
        running.terminate()
        running.wait(20)


@contextmanager
def gateway(site: Site) -> Iterator[subprocess.Popen[bytes]]:
    """Run the gateway, with no right to make code at run time."""
    command = [sys.executable, "-c", WITHOUT_WRITABLE_CODE, sys.executable]
    command += ["-m", "gateway", str(site.file)]
    with (site.home / "gateway.log").open("wb") as log:
        running = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)
    log_file = site.home / "gateway.log"
    try:
        until(lambda: b"running; status page" in log_file.read_bytes(), "the gateway runs")
        yield running
    finally:
        running.terminate()
        assert running.wait(30) == 0, log_file.read_text()


@pytest.fixture(params=Kind)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    return made(tmp_path, request.param)


def test_before_the_gateway_ever_ran_the_broker_lets_it_in_and_nobody_else(site: Site) -> None:
    password = (site.home / "menshen/menshen-data/broker-password").read_text().strip()
    with mosquitto(site):
        inside = Client(site.ports[8882], "gateway", password, tls=site.trusted)
        own = Client(site.ports[1883], "gateway", password)
        answers = {
            "wrong password": Client(site.ports[8883], "gateway", "wrong", tls=site.trusted),
            "no name": Client(site.ports[1883], "", None),
            "no name, by TLS": Client(site.ports[8882], "", None, tls=site.trusted),
            "plain": Client(site.ports[8883], "gateway", password),
        }
        for each in (inside, own, *answers.values()):
            each.leave()
    assert (inside.answer, own.answer) == ("Success", "Success")
    assert [name for name, each in answers.items() if each.answer == "Success"] == []


def test_the_health_check_of_the_broker_knows_a_locked_door(site: Site) -> None:
    """As compose has it; a broker that let anybody in would be unhealthy."""
    check = "mosquitto_sub -h 127.0.0.1 -p {} -t health -W 5 2>&1 | grep -qi 'not authori'"
    assert check.format(1883) in (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    need("mosquitto_sub")
    with mosquitto(site):
        asked = check.format(site.ports[1883])
        assert subprocess.run(["/bin/sh", "-c", asked], check=False).returncode == 0
    assert subprocess.run(["/bin/sh", "-c", asked], check=False).returncode == 1


async def test_the_gateway_runs_from_what_was_made_and_the_doctor_finds_nothing_bad(
    site: Site,
) -> None:
    page = httpx.Client(verify=site.trusted, trust_env=False, base_url=site.config.base_url)

    def is_well() -> bool:
        """Say whether nothing is bad; no InfluxDB runs here, which is no reason for an alarm."""
        findings = page.get("/healthz").json()["findings"]
        return {each["part"] for each in findings if each["level"] == "bad"} <= {"export"}

    with mosquitto(site), gateway(site), page:
        await asyncio.to_thread(until, is_well, "nothing is bad")
        stranger = await asyncio.to_thread(page.get, "/")
        found = [each async for each in examine(site.file, site.home / "mosquitto.conf")]
    assert stranger.status_code in (303, 307)
    assert [each for each in found if each.level is Level.BAD and "export" not in each.part] == []
    said = {each.part for each in found}
    assert {"broker", "broker accounts", "certificates", "mosquitto"} <= said


def test_the_gateway_finds_its_influxdb_by_what_was_made(site: Site) -> None:
    with influx_engine() as engine, Influx2(engine.url) as influx:
        written = site.file.read_text(encoding="utf-8")
        told = re.sub(
            r'^url = "http://(influxdb|127\.0\.0\.1):8086"',
            f'url = "{influx.url}"',
            written,
            flags=re.MULTILINE,
        )
        assert told != written
        site.file.write_text(told, encoding="utf-8")
        with contextlib.closing(reach(site.config, influx.token)) as admin:
            admin.prepare(kept(site.config.influx))
        token_file = site.config.path(site.config.influx.token_file)
        token_file.write_text(influx.token, encoding="ascii")
        with mosquitto(site), gateway(site):
            until(lambda: engine.count("menshen_gateway", "gateway", "up_s"), "its vitals")


async def test_a_bell_has_the_broker_know_a_new_device_and_cut_off_a_revoked_one(
    site: Site,
) -> None:
    with mosquitto(site), gateway(site):

        def let_in(credential: dict[str, str]) -> Client:
            return Client(
                site.ports[8883], credential["user"], credential["password"], tls=site.trusted
            )

        listed = await asyncio.to_thread(site.menshen, "device", "add", "door-7f3a", "--json")
        [made] = json.loads(listed)
        device = await asyncio.to_thread(let_in, made)
        assert device.answer == "Success"
        await asyncio.to_thread(site.menshen, "device", "revoke", "door-7f3a")
        await asyncio.to_thread(until, lambda: not device.is_connected, "cut off")
        again = await asyncio.to_thread(let_in, made)
        assert again.answer != "Success"
        device.leave()
        again.leave()


def test_the_script_ends_with_its_broker_and_the_broker_with_its_script(tmp_path: Path) -> None:
    site = made(tmp_path, Kind.DOCKER)
    with mosquitto(site) as script:
        [broker] = _children(script.pid)
        script.terminate()
        script.wait(20)
        until(lambda: not Path(f"/proc/{broker}").exists(), "mosquitto ended")
    (site.home / "conf.d" / "menshen.conf").unlink()
    (site.home / "conf.d" / "accounts.conf").unlink()
    (site.home / "conf.d").rmdir()
    with mosquitto(site) as script:
        [broker] = _children(script.pid)
        subprocess.run(["/bin/kill", "-KILL", str(broker)], check=True)
        assert script.wait(20) != 0


def _children(pid: int) -> list[int]:
    """Return the mosquittos that a process started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, _, rest = path.read_text().partition(") ")
            if "(mosquitto" in name and int(rest.split()[1]) == pid:
                found.append(int(path.parent.name))
    return found
