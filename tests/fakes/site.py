"""A whole gateway with a street to equip: a real broker, people with accounts, devices in a box.

async with site(tmp_path) as here:
    phone = await here.phone("chen")
    await here.says("door-7f3a", "door", "open")
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from gateway.accounts import keeping, store
from gateway.accounts.passwords import Hasher
from gateway.accounts.rights import MACHINE, Account, Kind, Refusal, Role
from gateway.accounts.turn import Turn
from gateway.app import Running, running
from gateway.audit import store as audit
from gateway.audit.store import Told
from gateway.broker import free_port
from gateway.config import load
from gateway.init import init_data
from tests.fakes.fault_broker import Mosquitto
from tests.fakes.fault_publisher import Device, Publisher
from tests.fakes.fault_wait import soon

PASSWORD = "tidal copper lantern"
HOME, OTHER, FAR = "440307006031203", "440307006031204", "440309001010101"
_FORM = re.compile(r'<form[^>]*action="([^"]*)"[^>]*>(.*?)</form>', re.DOTALL)
CONFIG = """
[gateway]
homes_file = ""
[mqtt]
port = {mqtt}
[web]
port = {web}
[[channels]]
kind = "console"
{more}
"""


@dataclass
class Phone:
    """An installer's browser without scripts."""

    client: httpx.AsyncClient
    shown: str = ""
    path: str = ""
    status: int = 0

    async def open(self, path: str) -> str:
        """Go to a page."""
        return self._show(await self.client.get(path))

    async def submit(self, action: str, **fields: str) -> str:
        """Send the first form of the page whose action begins so, with its hidden fields."""
        return self._show(await self.send(action, **fields))

    async def send(self, action: str, **fields: str) -> httpx.Response:
        """Send that form, and stay on the page."""
        path, body = self.form(action)
        return await self.client.post(path, data={**body, **fields})

    def form(self, action: str) -> tuple[str, dict[str, str]]:
        """Return where a form goes, and its hidden fields."""
        for found in re.finditer(
            r'<form[^>]*action="([^"]*)"[^>]*>(.*?)</form>', self.shown, re.DOTALL
        ):
            if action in found[1]:
                hidden = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', found[2])
                return found[1].replace("&amp;", "&"), dict(hidden)
        raise AssertionError(f"no form for {action} on {self.path}: {self.shown[-2000:]}")

    def _show(self, answer: httpx.Response) -> str:
        self.shown, self.status, self.path = answer.text, answer.status_code, answer.url.path
        return self.shown


@dataclass
class Site:
    """The gateway, its street, and whoever works there."""

    gateway: Running
    url: str
    publisher: Publisher
    devices: dict[str, Device] = field(default_factory=dict)
    phones: list[httpx.AsyncClient] = field(default_factory=list)

    async def says(self, device: str, kind: str, state: str, **more: object) -> None:
        """A device says something, and it is in the journal."""
        known = self.devices.setdefault(device, Device(device))
        said = {"battery": 91, "rssi": -61} | more
        await self.sends(*known.event(kind, state, **said))

    async def sends(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish, and wait until it is journalled."""
        before = self.gateway.desk.facts().journal_seq
        self.publisher.send(topic, payload, retain=retain)
        await soon(lambda: self.gateway.desk.facts().journal_seq > before, "it is journalled")

    async def person(self, login: str, role: Role, area: str = "") -> Account:
        """Make an account that is ready."""
        desk = self.gateway.desk
        encoded = await Hasher(memory_kib=64, passes=1).hash(PASSWORD)

        def make(turn: Turn) -> Account:
            made = keeping.create(turn, login, role, area, Kind.PERSON, encoded)
            assert not isinstance(made, Refusal), made
            store.change(turn.connection, made.id, must_change=False)
            return made

        return await desk.write(lambda c: make(Turn(c, desk.keys, desk.now(), MACHINE)))

    async def phone(self, login: str, lang: str = "zh") -> Phone:
        """Log somebody in."""
        client = httpx.AsyncClient(base_url=self.url, follow_redirects=True, timeout=20)
        self.phones.append(client)
        phone = Phone(client)
        await phone.open(f"/login?next=/install&lang={lang}")
        await phone.submit("/login", login=login, password=PASSWORD, code="")
        return phone

    async def enter(self, kind: str, key: str, **values: Any) -> None:
        """Enter something into the registry as the machine does."""
        headers = {"Authorization": f"Bearer {self.gateway.desk.token}"}
        async with httpx.AsyncClient(base_url=self.url, headers=headers) as client:
            answer = await client.put(f"/api/v1/registry/{kind}/{key}", json=values)
        assert answer.status_code in (200, 201), answer.text

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database."""
        with self.gateway.desk.read() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query, values)]

    def state(self, device: str) -> str:
        """Where a device is in its life."""
        return str(self.rows("SELECT state FROM equipment WHERE device = ?", device)[0][0])

    def audited(self) -> list[Told]:
        """What was done, the oldest first."""
        with self.gateway.desk.read() as connection:
            return audit.latest(connection, self.gateway.desk.keys, 500)[::-1]


@asynccontextmanager
async def site(folder: Path, more: str = "") -> AsyncIterator[Site]:
    """Run it: two homes in one area and one in another, five devices in a box."""
    with Mosquitto(folder / "broker") as broker, Publisher(broker.port) as publisher:
        file, port = folder / "menshen.toml", free_port()
        file.write_text(CONFIG.format(mqtt=broker.port, web=port, more=more), encoding="utf-8")
        config = load(file)
        init_data(config)
        async with running(config) as gateway:
            here = Site(gateway, config.base_url, publisher)
            await soon(lambda: gateway.desk.facts().broker_connected, "the broker is there")
            await asyncio.sleep(0.2)  # its subscriptions are taken
            await _street(here)
            yield here
            for each in here.phones:
                await each.aclose()


async def _street(here: Site) -> None:
    now = here.gateway.desk.now()
    for area, name in (("nanling", "南岭社区"), ("buji", "布吉社区")):
        await here.enter("areas", area, name=name, level="community")
    for building, name, area in (("nl-3", "南岭村3栋", "nanling"), ("bj-1", "布吉1栋", "buji")):
        await here.enter("buildings", building, name=name, area=area)
    for member, role, phone in (("worker", "worker", "1"), ("lead", "lead", "4")):
        await here.enter("teams", f"team-3/{member}", role=role, phones=f"1390000000{phone}")
    starts, ends = now + timedelta(hours=1), now + timedelta(days=14)
    for code, building, short in (
        (HOME, "nl-3", "3栋1203"),
        (OTHER, "nl-3", "3栋1204"),
        (FAR, "bj-1", "1栋101"),
    ):
        await here.enter(
            "homes",
            code,
            building=building,
            team="team-3",
            address=f"南岭村{short}",
            short_address=short,
            starts_at=f"{starts:%Y-%m-%d %H:%M}+00:00",
            ends_at=f"{ends:%Y-%m-%d %H:%M}+00:00",
            residents="张三",
        )
    for device in ("door-7f3a", "door-91bc", "seal-22aa", "cam-55ff", "button-0c0c"):
        await here.enter("devices", device, model="")
