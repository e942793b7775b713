"""A gateway's tables with whatever a report is to tell of, entered by hand or made up by a seed.

town = Town(tmp_path)
town.home("w1", "440307006031203", building="b3")
town.incident("w1", "14:02", taken="14:09", resolved="14:30", cause="innocent")
report = town.report(date(2026, 11, 21))

Times are local (Shenzhen) on 21 November 2026 unless a day is given.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Table, create_engine, event, insert
from sqlalchemy.pool import StaticPool

from alerts.tables import (
    attempts,
    conditions,
    incidents,
    micros,
    notices,
    permits,
    silences,
    transitions,
    unknown_spans,
)
from devices.news import DeviceMemory
from gateway import memories
from gateway.memories import Remembered
from gateway.privacy import KeyStore
from gateway.reports.period import Kind, Period
from gateway.reports.report import Report, compile_report
from gateway.schema.tables import (
    areas,
    buildings,
    contacts,
    device_states,
    devices,
    homes,
    metadata,
    orders,
    teams,
)

ZONE = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 11, 21)


def local(clock: str, day: date = DAY) -> int:
    """Return a local time in microseconds."""
    return micros(datetime.combine(day, time.fromisoformat(clock), ZONE))


INCIDENT = {
    "level_reason": "opened_unannounced",
    "next_at": None,
    "step": 1,
    "told": "[]",
    "acknowledgements": "[]",
    "homes_blind": 0,
    "reviewed_at": None,
    "reopened": 0,
}
"""What of an incident says nothing to a report."""


@dataclass
class Town:
    """The tables, and what `gateway.reports.read.Source` asks for."""

    folder: Path
    timezone: str = "Asia/Shanghai"
    language: Literal["zh", "en"] = "zh"
    name: str = "street-3"
    at: datetime = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)
    prices_fen: Mapping[str, float] = field(default_factory=lambda: {"gsm": 10.0})
    numbers: int = 0

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.keys = KeyStore.create(self.folder / "keys.json")
        self.engine = create_engine(
            f"sqlite:///{self.folder / 'town.db'}",
            poolclass=StaticPool,  # the schema is read once, and not for each row
            connect_args={"check_same_thread": False},
        )
        event.listen(self.engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
        metadata.create_all(self.engine)

    @property
    def reports_dir(self) -> Path:
        """In its folder."""
        return self.folder / "reports"

    def now(self) -> datetime:
        """Stands still until it is moved."""
        return self.at

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a connection."""
        with self.engine.connect() as connection:
            yield connection

    def report(self, day: date = DAY, kind: Kind = Kind.DAILY, area: str = "") -> Report:
        """Compile a report."""
        with self.read() as connection:
            return compile_report(connection, self, Period(kind, day), self.at, area)

    # ---- what there is ----

    def put(self, table: Table, *rows: dict[str, Any]) -> None:
        """Enter rows."""
        with self.engine.begin() as connection:
            connection.execute(insert(table), list(rows))

    def places(self, *rows: tuple[str, str, str, str | None]) -> None:
        """Enter areas: id, name, level, parent."""
        keys = ("id", "name", "level", "parent")
        self.put(areas, *(dict(zip(keys, row, strict=True)) for row in rows))

    def building(self, building: str, name: str, area: str | None = None) -> None:
        """Enter a building."""
        self.put(buildings, {"id": building, "name": name, "area": area, "category": "estate"})

    def home(
        self,
        watch: str,
        code: str,
        *,
        building: str = "b1",
        team: str = "team-1",
        address: str = "南岭村3栋1203",
        begins: int = local("00:00", date(2026, 11, 10)),
        ends: int = local("00:00", date(2026, 11, 24)),
        is_served: bool = True,
        says_of_door: bool = True,
    ) -> None:
        """Enter a home under an order, with one device that said something of its door."""
        self.keys.ensure([watch])
        self.put(
            homes,
            {
                "code": code,
                "building": building,
                "team": team,
                "address": address,
                "short_address": address[-6:],
                "policy": "{}",
            },
        )
        self.put(
            orders,
            {
                "watch": watch,
                "sealed_home": self.keys.seal(watch, code),
                "starts_at": begins,
                "ends_at": ends,
                "notice_served_at": begins if is_served else None,
                "state": "active",
            },
        )
        self.device(f"door-{watch}", watch, building, says_of_door=says_of_door)

    def device(
        self, device: str, watch: str | None, building: str, says_of_door: bool = True
    ) -> None:
        """Enter a device."""
        row = {"id": device, "watch": watch, "building": building, "device_class": "sleeping"}
        self.put(devices, row | {"bridge": None, "place": "前门", "settings": "{}"})
        if says_of_door:
            memory = DeviceMemory()
            memory.states["door/main"] = "closed"
            state = memories._encode(Remembered(memory.to_row()))
            self.put(device_states, {"device": device, "seq": 1, "state": state})

    def person(self, contact: str, role: str) -> None:
        """Enter a member of a team."""
        team, _, _ = contact.partition("/")
        self.put(
            contacts,
            {
                "id": contact,
                "team": team,
                "position": 1,
                "role": role,
                "shift": None,
                "is_beyond": False,
                "sealed": b"",
            },
        )

    # ---- what happens ----

    def incident(
        self,
        watch: str | None,
        opened: str | int,
        *,
        taken: str | int | None = None,
        on_site: str | int | None = None,
        resolved: str | int | None = None,
        cause: str | None = None,
        matter: str = "departure",
        headline: str = "opened",
        level: int = 1,
        team: str = "team-1",
        subject: str = "",
        by: str = "team-1/worker",
        day: date = DAY,
    ) -> str:
        """Enter an incident with its steps."""

        def when(said: str | int) -> int:
            return local(said, day) if isinstance(said, str) else said

        self.numbers += 1
        incident = f"i{self.numbers}"
        ends = ("resolved", "system" if cause in ("recovered", "announced_late") else by, resolved)
        told = [("open", "system", opened), ("acknowledged", by, taken), ("on_site", by, on_site)]
        steps, state = [], None
        for to_state, actor, said in (*told, ends):
            if said is not None:
                step = {"incident": incident, "from_state": state, "to_state": to_state}
                reason = {"reason": "replied", "actor": actor, "decided_at": when(said)}
                steps.append(step | reason | {"detail": ""})
                state = to_state
        row: dict[str, Any] = {"id": incident, "number": f"{1000 + self.numbers * 37 % 9000}"}
        row |= {"matter": matter, "subject": subject or watch or "gateway", "watch": watch}
        row |= {"team": team, "level": level, "headline": headline, "state": state}
        row |= {"severity": {"departure": 1 + level // 2, "help": 4}.get(matter, 0)}
        row |= {"opened_at": when(opened), "since_at": when(opened), "cause": cause}
        row |= {"resolved_at": None if resolved is None else when(resolved), "resolved_by": by}
        self.put(incidents, INCIDENT | row)
        self.put(transitions, *steps)
        return incident

    def step(
        self, incident: str, clock: str, to_state: str, reason: str = "commanded", **more: Any
    ) -> None:
        """Enter one more step of an incident."""
        row: dict[str, Any] = {"incident": incident, "to_state": to_state, "reason": reason}
        row |= {"from_state": "open"} | {
            "actor": "team-1/worker",
            "decided_at": local(clock),
            "detail": "",
        }
        self.put(transitions, row | more)

    def condition(
        self,
        kind: str,
        since: int,
        *,
        watch: str | None = None,
        device: str | None = None,
        reason: str = "opened_unannounced",
        until: int | None = None,
        why: str | None = None,
    ) -> None:
        """Enter something that was true."""
        self.numbers += 1
        self.put(
            conditions,
            {
                "id": f"c{self.numbers}",
                "kind": kind,
                "subject": watch or f"device:{device}",
                "watch": watch,
                "device": device,
                "part": "main",
                "raised_at": since,
                "reason": reason,
                "detail": "",
                "cleared_at": until,
                "clear_reason": why,
                "incident": None,
                "journal_seq": None,
            },
        )

    def blind(
        self, since: int, until: int | None, watch: str | None = None, device: str | None = None
    ) -> None:
        """Enter a span in which nobody could say anything."""
        reason = "intake_lost" if device is None else "reporting_time_passed"
        row = {"watch": watch, "device": device, "reason": reason}
        self.put(unknown_spans, row | {"from_at": since, "until_at": until})

    def permit(
        self, watch: str, since: int, until: int, by: str = "team-1/worker", **more: Any
    ) -> None:
        """Enter an announced opening."""
        self.numbers += 1
        row: dict[str, Any] = {
            "id": f"p{self.numbers}",
            "watch": watch,
            "from_at": since,
            "until_at": until,
        }
        row |= {"purpose": "meal", "granted_by": by, "asked_by": self.keys.seal(watch, "王小明")}
        row |= {"revoked_at": None, "used_at": None, "is_late": False}
        self.put(permits, row | more)

    def silence(self, subject: str, since: int, until: int, by: str = "wangxiaoming") -> None:
        """Enter a silence."""
        self.numbers += 1
        owner = subject if ":" not in subject else "gateway"
        row = {"id": f"s{self.numbers}", "subject": subject, "from_at": since, "until_at": until}
        why = self.keys.seal(owner, "13912345678")
        self.put(silences, row | {"by": by, "why": why, "ended_at": None})

    def text(self, sent: int, outcome: str = "delivered", team: str = "team-1") -> None:
        """Enter a text that was sent."""
        self.numbers += 1
        notice = f"n{self.numbers}"
        row: dict[str, Any] = {
            "id": notice,
            "contact": f"{team}/worker",
            "kind": "alarm",
            "severity": 1,
        }
        row |= {"text": b"", "reason": "on_call", "created_at": sent, "expires_at": sent}
        self.put(notices, row | {"state": outcome, "next_at": sent})
        tried = {"notice": notice, "channel": "gsm", "started_at": sent, "ended_at": sent}
        more = {"outcome": outcome, "reason": outcome, "references": "[]", "detail": ""}
        self.put(attempts, tried | more | {"reported": json.dumps({}), "parts": 1})


# ---- made up ----

ROLES = ("worker", "doctor", "police", "lead")
VILLAGES = (
    "南岭村",
    "吉厦",
    "丹竹头",
    "樟树布",
    "下李朗",
    "上李朗",
    "厦村",
    "沙塘布",
    "南新",
    "康乐",
)


def busy_town(folder: Path, count: int, *, days: int = 14, seed: int = 7) -> Town:
    """Make up a town of `count` homes, and what happened there in the days until the 22nd."""
    town, chance = Town(folder), random.Random(seed)
    town.keys.ensure([f"{n:016x}" for n in range(count)])
    _make_places(town, count)
    for n in range(count):
        watch, building = f"{n:016x}", f"b{n // 12}"
        first = DAY - timedelta(days=chance.randrange(1, 13))
        begins = local("10:00", first)
        town.home(
            watch,
            f"4403070060{n:05}",
            building=building,
            team=f"team-{1 + n // 50}",
            address=f"{VILLAGES[n // 100 % 10]}{n // 12 + 1}栋{100 * (1 + n % 12) + 1}",
            begins=begins,
            ends=begins + 14 * 86_400_000_000,
            is_served=n % 60 != 59,
        )
    for day in range(days):
        _make_day(town, chance, count, DAY - timedelta(days=day))
    town.blind(local("03:10"), local("03:17"))
    return town


def _make_places(town: Town, count: int) -> None:
    city = [("sz", "深圳市", "city", None), ("lg", "龙岗区", "district", "sz")]
    streets = [("s0", "南湾街道", "street", "lg"), ("s1", "吉华街道", "street", "lg")]
    town.places(*city, *streets)
    for n in range(-(-count // 100)):
        town.places((f"c{n}", f"{VILLAGES[n % 10]}社区", "community", f"s{n % 2}"))
    for n in range(-(-count // 36)):
        grid = (f"g{n}", f"第{n % 3 + 1}网格", "grid", f"c{n * 36 // 100}")
        town.places(grid)
    for n in range(-(-count // 12)):
        town.building(f"b{n}", f"{VILLAGES[n * 12 // 100 % 10]}{n + 1}栋", f"g{n // 3}")
    for n in range(-(-count // 50)):
        row = {"id": f"team-{n + 1}", "shifts": "[]", "overrides": "[]"}
        town.put(teams, row)
        for role in ROLES:
            town.person(f"team-{n + 1}/{role}", role)


def _make_day(town: Town, chance: random.Random, count: int, day: date) -> None:
    def some(clock_s: float) -> int:
        return local("00:00", day) + int(clock_s * 1e6)

    for _ in range(max(3, count // 8)):
        n, clock = chance.randrange(count), chance.betavariate(4, 3) * 86_000
        watch, opened = f"{n:016x}", some(clock)
        took = chance.lognormvariate(5.6, 0.8)
        is_taken = chance.random() < 0.93
        level = chance.choice((1, 1, 1, 1, 2, 2, 3))
        town.condition("opened", opened, watch=watch, device=f"door-{watch}", until=opened + 10**7)
        town.incident(
            watch,
            opened,
            taken=opened + int(took * 1e6) if is_taken else None,
            on_site=opened + int(took * 2.2e6) if is_taken and level > 1 else None,
            resolved=opened + int(took * 4e6) if is_taken and chance.random() < 0.95 else None,
            cause=chance.choice(("innocent", "innocent", "dealt_with", "left_home")),
            level=level,
            headline={1: "opened", 2: "left_open", 3: "seal_broken"}[level],
            team=f"team-{1 + n // 50}",
            by=f"team-{1 + n // 50}/{chance.choice(ROLES)}",
        )
        for _ in range(level):
            outcome = chance.choice(("delivered",) * 8 + ("sent", "failed_permanent"))
            town.text(opened, outcome, team=f"team-{1 + n // 50}")
    for _ in range(count // 3):
        watch, clock = f"{chance.randrange(count):016x}", chance.uniform(7, 20) * 3600
        town.condition(
            "opened", some(clock), watch=watch, reason="permitted", until=some(clock + 60)
        )
        used = some(clock) if chance.random() < 0.8 else None
        town.permit(watch, some(clock - 300), some(clock + 900), used_at=used)
    for _ in range(max(1, count // 25)):
        watch, clock = f"{chance.randrange(count):016x}", chance.uniform(0, 80_000)
        lasts = chance.lognormvariate(8.0, 1.0)
        is_over = day < DAY or chance.random() < 0.6
        until = some(clock + lasts) if is_over else None
        device = f"door-{watch}"
        town.blind(some(clock), until, watch, device)
        town.condition("silent", some(clock), watch=watch, device=device, until=until)
