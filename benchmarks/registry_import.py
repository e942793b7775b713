"""A whole district brought in while the gateway goes on: minutes, memory, intake meanwhile, pages.

The lists go through the API of a gateway that runs, as `menshen registry import` sends them.
Beside the intake meanwhile stands that of the same load with nothing else to do; in both each
message is taken all the way to the saved cursor.
"""

from __future__ import annotations

import base64
import contextlib
import json
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.child import child
from benchmarks.figures import Figure, percentile
from benchmarks.meter import peak_rss_mb, rss_mb
from benchmarks.plan import Plan
from benchmarks.service import Broker, Gateway, ServiceError, broker, gateway, prepare
from gateway.config import load

MINUTES_GOAL, MEMORY_GOAL_MB, PAGE_GOAL_MS = 5.0, 500.0, 100.0
DEVICES_A_HOME = 3
HOMES_PER_BUILDING, HOMES_PER_TEAM = 50, 500
PAGES = 200
JUMP = 0.5
"""How often a page is not the next one but any other."""
LOOK_EVERY_S = 0.2


@dataclass(slots=True)
class Peaks:
    """The most memory that each process ever had, in MB."""

    gateway: float = 0.0
    child: float = 0.0
    both: float = 0.0
    _has_ended: threading.Event = field(default_factory=threading.Event)

    def watch(self, pid: int) -> None:
        """Look at a gateway and what it started, until `end`."""
        while not self._has_ended.wait(LOOK_EVERY_S):
            with contextlib.suppress(OSError, KeyError):
                children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
                used = sum(rss_mb(int(each)) for each in children)
                self.child = max(self.child, used)
                self.both = max(self.both, used + rss_mb(pid))
                self.gateway = peak_rss_mb(pid)

    def end(self) -> None:
        """Look no more."""
        self._has_ended.set()


def measure(directory: Path, plan: Plan) -> list[Figure]:
    """Bring in homes and devices under load, and turn over pages."""
    few = plan.streets[0]
    data = prepare(directory / "street", few)
    lists = write_lists(directory, plan.import_homes)
    with broker(directory / "broker", is_persistent=False) as mqtt, gateway(data, mqtt) as ran:
        api = _api(data)
        api.post("/adopt").raise_for_status()
        alone, sent = _rate(mqtt, ran, few, plan.messages, 0)
        peaks = Peaks()
        watching = threading.Thread(target=peaks.watch, args=(ran.pid,))
        watching.start()
        try:
            took, meanwhile = _import_under_load(api, lists, mqtt, ran, plan, sent)
            pages = {kind: _pages(api, kind) for kind in ("homes", "devices")}
        finally:
            peaks.end()
            watching.join()
    return _figures(plan, took, peaks, alone, meanwhile, pages)


def write_lists(directory: Path, homes: int) -> list[Path]:
    """Write buildings, teams, homes and devices as CSV; return them in the order to bring them."""
    directory.mkdir(parents=True, exist_ok=True)
    buildings = (f"new-{n},{n}栋" for n in range(-(-homes // HOMES_PER_BUILDING)))
    teams = (
        f"new-{n},{role},{role},人{n},13{n:05}{place:04}"
        for n in range(-(-homes // HOMES_PER_TEAM))
        for place, role in enumerate(("worker", "doctor", "police"))
    )
    return [
        _write(directory / "buildings.csv", "楼栋编码,楼栋名称", buildings),
        _write(directory / "teams.csv", "三人组,成员编号,角色,姓名,手机号", teams),
        _write(
            directory / "homes.csv",
            "房屋编码,楼栋编码,三人组,地址,开始时间,结束时间,告知书送达,姓名,手机号",
            map(_home, range(homes)),
        ),
        _write(
            directory / "devices.csv",
            "设备编号,房屋编码,安装位置,品牌,型号,序列号",
            map(_device, range(homes * DEVICES_A_HOME)),
        ),
    ]


def code(home: int) -> str:
    """House code of a home that is brought in."""
    return f"5403070060{home:08}"


def _home(n: int) -> str:
    building, team = n // HOMES_PER_BUILDING, n // HOMES_PER_TEAM
    period = "2026-11-20 10:00,2036-11-20 10:00,2026-11-20 09:00"
    return f"{code(n)},new-{building},new-{team},{building}栋{n},{period},住户{n},139{n:08}"


def _device(n: int) -> str:
    place = ("前门", "后门", "封条")[n % DEVICES_A_HOME]
    return f"new-{n:06},{code(n // DEVICES_A_HOME)},{place},Aqara,MCCGQ11LM,SN{n:08}"


def _write(path: Path, heading: str, rows: Iterator[str] | Any) -> Path:
    with path.open("w", encoding="utf-8-sig") as file:
        file.write(f"{heading}\n")
        file.writelines(f"{row}\n" for row in rows)
    return path


def _api(data: Path) -> httpx.Client:
    config = load(data / "menshen.toml")
    token = config.token_file.read_text(encoding="ascii").strip()
    return httpx.Client(
        base_url=f"{config.base_url}/api/v1/registry",
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
        trust_env=False,
    )


def _rate(
    mqtt: Broker, ran: Gateway, devices: int, messages: int, before: int
) -> tuple[float, int]:
    """Send one load; return messages a second, and how many were sent in all."""
    with child("load", mqtt.port, devices, messages) as sender:
        sender.say()
        started_at = sender.hear()["started_at"]
        ended_at = ran.until_applied(before + messages, 300)
    return messages / (ended_at - started_at), before + messages


def _import_under_load(
    api: httpx.Client, lists: list[Path], mqtt: Broker, ran: Gateway, plan: Plan, sent: int
) -> tuple[float, float]:
    """Return the seconds it took, and messages a second meanwhile."""
    took: list[float] = []
    bringing = threading.Thread(target=lambda: took.append(_bring(api, lists)))
    bringing.start()
    started_at, before = time.monotonic(), sent
    while bringing.is_alive():
        _, sent = _rate(mqtt, ran, plan.streets[0], plan.messages, sent)
    lasted_s = time.monotonic() - started_at
    bringing.join()
    if not took:
        raise ServiceError("an import was refused; see the log of the gateway")
    return took[0], (sent - before) / lasted_s


def _bring(api: httpx.Client, lists: list[Path]) -> float:
    started_at = time.monotonic()
    for path in lists:
        job = api.post("/imports", content=path.read_bytes()).raise_for_status().json()
        while job["ended_at"] is None:
            time.sleep(LOOK_EVERY_S)
            job = api.get(f"/imports/{job['id']}").json()
        if job["stage"] != "done":
            raise ServiceError(f"{path.name}: {job}")
    return time.monotonic() - started_at


def _pages(api: httpx.Client, kind: str) -> list[float]:
    """Turn over the pages of a list, from one at random; return the milliseconds of each."""
    dice = random.Random(4)
    found = []
    url = f"/{kind}?limit=100"
    for _ in range(PAGES):
        started_at = time.monotonic()
        page = api.get(url).raise_for_status().json()
        found.append((time.monotonic() - started_at) * 1000)
        url = (page["next"] or f"/{kind}?limit=100").replace("/api/v1/registry", "")
        if dice.random() < JUMP:
            url = _somewhere(kind, dice)
    return found


def _somewhere(kind: str, dice: random.Random) -> str:
    """Return a page that begins at any home of the first ten thousand, as a cursor says it."""
    home = dice.randrange(10_000)
    key = code(home) if kind == "homes" else f"new-{home * DEVICES_A_HOME:06}"
    cursor = base64.urlsafe_b64encode(json.dumps([key]).encode()).decode().rstrip("=")
    return f"/{kind}?limit=100&cursor={cursor}"


def _figures(
    plan: Plan,
    took_s: float,
    peaks: Peaks,
    alone: float,
    meanwhile: float,
    pages: dict[str, list[float]],
) -> list[Figure]:
    devices = plan.import_homes * DEVICES_A_HOME
    what = f"{plan.import_homes:,} homes and {devices:,} devices"
    minutes = took_s / 60
    detail = {"gateway_mb": round(peaks.gateway), "child_mb": round(peaks.child)}
    return [
        Figure(
            f"import of {what}, under load",
            minutes,
            "min",
            "goal",
            MINUTES_GOAL,
            f"<= {MINUTES_GOAL:.0f} min",
            minutes <= MINUTES_GOAL,
        ),
        Figure(
            "peak memory, gateway and import",
            peaks.both,
            "MB",
            "gateway alone",
            peaks.gateway,
            f"<= {MEMORY_GOAL_MB:.0f} MB",
            peaks.both <= MEMORY_GOAL_MB,
            detail,
        ),
        Figure("intake meanwhile", meanwhile, "/s", "intake alone", alone),
        *(
            Figure(
                f"page of 100 {kind}, 95th percentile",
                percentile(each, 0.95),
                "ms",
                "median",
                percentile(each, 0.5),
                f"<= {PAGE_GOAL_MS:.0f} ms",
                percentile(each, 0.95) <= PAGE_GOAL_MS,
            )
            for kind, each in pages.items()
        ),
    ]
