"""From `menshen init --tls` to a device let in and out: real commands, gateway and mosquitto."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from typer.testing import CliRunner, Result

from devices.provisioning import read_label
from gateway import tls
from gateway.app import running
from gateway.broker import free_port
from gateway.cli.app import app
from gateway.config import Config, load
from gateway.doctor import access
from gateway.doctor.advice import Advice
from gateway.health import Level
from gateway.provisioning.authority import fingerprint
from tests.fakes.accounts import Client
from tests.fakes.fault_broker import Mosquitto
from tests.fakes.fault_wait import soon

pytestmark = pytest.mark.mosquitto


@dataclass
class Whole:
    """One machine: a gateway that runs, its broker, and a shell."""

    config: Config
    file: Path
    port: int

    async def menshen(self, *words: str) -> Result:
        command = [*words, "--config", str(self.file)]
        return await asyncio.to_thread(CliRunner().invoke, app, command)

    async def said(self, *words: str) -> str:
        result = await self.menshen(*words)
        assert result.exit_code == 0, result.output
        return result.stdout

    async def made(self, *words: str) -> list[dict[str, str]]:
        return json.loads(await self.said(*words, "--json"))  # type: ignore[no-any-return]

    async def drift(self) -> list[Advice]:
        found = await asyncio.to_thread(lambda: [*access.examine(self.config, datetime.now(UTC))])
        return [each for each in found if each.level is not Level.OK]

    async def gets_in(self, user: str, password: str) -> bool:
        client = await asyncio.to_thread(Client, self.port, user, password)
        client.leave()
        return client.answer == "Success"


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    file, directory = tmp_path / "menshen.toml", tmp_path / "broker"
    made = CliRunner().invoke(app, ["init", "--tls", "--name", "gate.local", "-c", str(file)])
    assert made.exit_code == 0, made.output
    directory.mkdir(mode=0o2750)
    pid_file = tmp_path / "m.pid"
    for name in ("passwd", "acl"):  # mosquitto does not start without
        (directory / name).touch(mode=0o640)
    changed = {
        "allow_anonymous": "false",
        "password_file": str(directory / "passwd"),
        "acl_file": str(directory / "acl"),
        "pid_file": str(pid_file),
    }
    with Mosquitto(tmp_path / "mosquitto", **changed) as broker:
        written = file.read_text(encoding="utf-8")
        for was, becomes in {
            '# username = ""': 'username = "gateway"',
            '# password_file = ""': 'password_file = "menshen-data/broker-password"',
            "# port = 1883": f"port = {broker.port}",
            "[broker]": f'[broker]\ndirectory = "broker"\npid_file = "{pid_file}"',
            "# port = 8080": f"port = {free_port()}",
            "# tls = false": "tls = true",
            '# address = ""': 'address = "gate.local:8883"',
        }.items():
            assert was in written
            written = written.replace(was, becomes, 1)
        file.write_text(written, encoding="utf-8")
        config = load(file)
        async with running(config) as gateway:
            await soon(lambda: gateway.desk.facts().broker_connected, "the gateway is let in")
            yield Whole(config, file, broker.port)


async def test_a_device_is_made_shown_once_changed_and_revoked(
    whole: Whole, tmp_path: Path
) -> None:
    (made,) = await whole.made("device", "add", "door-7f3a", "--as", "chen")
    assert await whole.gets_in("door-7f3a", made["password"])
    label = read_label(made["label"])
    assert label is not None
    assert (label.password, label.broker) == (made["password"], "gate.local:8883")
    assert label.authority == tls.look(whole.config.tls_dir).short
    listed = await whole.said("device", "list", "--json")
    assert made["password"] not in listed
    assert json.loads(listed)[0]["made_by"] == "chen"
    refused = await whole.menshen("device", "add", "door-7f3a")
    assert refused.exit_code == 1
    assert "menshen device rotate door-7f3a" in refused.stderr

    (new,) = await whole.made("device", "rotate", "door-7f3a")
    assert await whole.gets_in(new["user"], new["password"])
    assert await whole.gets_in("door-7f3a", made["password"])
    text = await whole.said("device", "revoke", "door-7f3a")
    assert text == "revoked: door-7f3a, door-7f3a~2\n"
    assert not await whole.gets_in(new["user"], new["password"])
    assert not await whole.gets_in("door-7f3a", made["password"])
    kept = whole.config.database_file.read_bytes()
    assert made["password"].encode() not in kept


async def test_twenty_labels_are_printed_with_passwords_that_let_in(
    whole: Whole, tmp_path: Path
) -> None:
    sheet = tmp_path / "labels.html"
    await whole.said("device", "add", "--count", "20", "--prefix", "seal-", "--out", str(sheet))
    assert sheet.stat().st_mode & 0o777 == 0o600
    page = sheet.read_text(encoding="utf-8")
    found = re.findall(r"<b>(seal-\w+)</b>.*?<code>([0-9A-Z]{26})</code>", page)
    assert len(found) == 20
    assert "<script" not in page
    assert all([await whole.gets_in(user, password) for user, password in found])
    again = await whole.menshen("device", "add", "door-1", "--out", str(sheet))
    assert again.exit_code == 1
    assert sheet.read_text(encoding="utf-8") == page
    assert "door-1" not in await whole.said("device", "list")


async def test_a_bridge_is_made_listed_and_revoked(whole: Whole) -> None:
    shown = await whole.said("bridge", "add", "east", "--topic", "east/z2m")
    found = re.search(r"bridge\.east +(\w{26})", shown)
    assert found, shown
    assert await whole.gets_in("bridge.east", found[1])
    assert "east/z2m" in await whole.said("bridge", "list")
    overlapping = await whole.menshen("bridge", "add", "west", "--topic", "east")
    assert "within reach of the bridge east" in overlapping.stderr
    await whole.said("bridge", "revoke", "east")
    assert not await whole.gets_in("bridge.east", found[1])


async def test_drift_is_found_and_mended(whole: Whole) -> None:
    (made, other) = await whole.made("device", "add", "door-1", "door-2")
    assert await whole.drift() == []
    directory = whole.config.broker_dir
    assert directory is not None
    passwords, rules = directory / "passwd", directory / "acl"
    lines = passwords.read_text().replace("door-2:", "intruder:")
    lines = re.sub(r"door-1:.*", "door-1:$7$101$AAAA$AAAA", lines)
    passwords.write_text(lines)
    rules.write_text(rules.read_text() + "topic readwrite #\n")
    rules.chmod(0o644)
    said = " | ".join(advice.what for advice in await whole.drift())
    assert "intruder: let in without an account" in said
    assert "door-2: not let in" in said
    assert "door-1: with another password" in said
    assert "acl does not say what the accounts do" in said
    assert "open to other users" in said
    assert await whole.said("broker", "sync") == "passwd, acl, and mosquitto was told\n"
    assert await whole.drift() == []
    assert await whole.gets_in("door-1", made["password"])
    assert await whole.gets_in("door-2", other["password"])


async def test_the_page_is_served_over_the_gateways_own_authority(whole: Whole) -> None:
    trusted = ssl.create_default_context(cafile=str(whole.config.tls_dir / "ca.crt"))
    async with httpx.AsyncClient(verify=trusted, base_url=whole.config.base_url) as client:
        certificate = await client.get("/ca.crt")
        page = await client.get("/ca?lang=en")
        named = await client.get("/healthz", headers={"Host": "gate.local"})
        other = await client.get("/healthz", headers={"Host": "evil.example"})
    assert certificate.headers["content-type"] == "application/x-x509-ca-cert"
    loaded = x509.load_pem_x509_certificate(certificate.content)
    assert fingerprint(loaded).hex(":").upper() in page.text
    assert (named.status_code == 421, other.status_code == 421) == (False, True)


async def test_a_renewed_certificate_is_in_use_at_once(whole: Whole) -> None:
    before = await asyncio.to_thread(served, whole)
    text = await whole.said("tls", "renew", "--as", "chen")
    assert text.endswith("in use\n")
    assert await asyncio.to_thread(served, whole) != before
    assert tls.look(whole.config.tls_dir).fingerprint in await whole.said("tls", "show")


async def test_a_certificate_for_a_device_is_written_for_its_owner_alone(
    whole: Whole, tmp_path: Path
) -> None:
    out = tmp_path / "certificate"
    text = await whole.said("device", "certificate", "door-1", "--out", str(out))
    assert "user door-1" in text
    assert (out / "door-1.key").stat().st_mode & 0o777 == 0o600
    ssl.create_default_context().load_cert_chain(out / "door-1.crt", out / "door-1.key")


def served(whole: Whole) -> str:
    return ssl.get_server_certificate(("127.0.0.1", whole.config.web.port))
