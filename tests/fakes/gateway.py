"""A gateway that stands still: thirty homes, a few incidents and texts, and commands noted down."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, TypeVar

from sqlalchemy import Connection, create_engine, event, insert
from sqlalchemy.pool import NullPool

from alerts.channels.base import Attempt, ChannelHealth
from alerts.commands import Answer, Command
from alerts.model import Role
from alerts.permits import PermitCommand
from alerts.reason import Reason
from alerts.tables import incidents, metadata, micros, notices, permits, silences, transitions
from gateway import homes
from gateway.health import Facts, Proved, Today
from gateway.homes.look import Look, Missing, Standing
from gateway.homes.store import standing_orders
from gateway.homes.street import (
    BuildingRow,
    DeviceRow,
    HomeRow,
    MemberRow,
    OrderRow,
    Street,
    TeamRow,
)
from gateway.privacy import KeyStore
from gateway.trial import TrialBegun

T = TypeVar("T")
NOW = datetime(2026, 11, 21, 6, 35, 12, tzinfo=UTC)  # 14:35 in Shenzhen
TOKEN = "the-token-of-this-test"
PEOPLE = [
    ("worker", Role.WORKER, "王小明", "13912345601"),
    ("doctor", Role.DOCTOR, "李医生", "13912345602"),
    ("police", Role.POLICE, "张警官", "13912345603"),
    ("lead", Role.LEAD, "赵干部", "13912345604"),
]
OWN_NUMBER = "+8613900755321"
BUILDINGS = {"nl-1": "南岭村1栋", "nl-2": "南岭村2栋", "nl-3": "南岭村3栋"}


def street() -> Street:
    """Ten homes in each of three buildings."""
    order = OrderRow(NOW - timedelta(days=2), NOW + timedelta(days=12), NOW - timedelta(days=2))
    dwellings = [
        HomeRow(
            f"4403070060{building[-1]}{number}",
            building,
            "team-3",
            f"{name}{number}",
            order,
            f"{building[-1]}栋{number}",
        )
        for building, name in BUILDINGS.items()
        for number in range(1201, 1211)
    ]
    return Street(
        buildings=tuple(BuildingRow(each, name) for each, name in BUILDINGS.items()),
        teams=(
            TeamRow(
                "team-3", members=tuple(MemberRow(i, r, name, (p,)) for i, r, name, p in PEOPLE)
            ),
        ),
        homes=tuple(dwellings),
        devices=tuple(DeviceRow(f"door-{home.code[-5:]}", home.code) for home in dwellings),
    )


@dataclass
class FakeGateway:
    """Implements `GatewayView` and `GatewayActs`."""

    folder: Path
    language: Literal["zh", "en"] = "zh"
    name: str = "street-3"
    timezone: str = "Asia/Shanghai"
    token: str = TOKEN
    asks_login: bool = False
    broker_connected: bool = True
    at: datetime = NOW
    answer: Answer = field(default_factory=lambda: Answer(True, Reason.COMMANDED, "好"))
    commands: list[Command | PermitCommand] = field(default_factory=list)
    trials: list[tuple[str, str]] = field(default_factory=list)
    refuses: str = ""  # why no test text can be sent
    ended: dict[str, Attempt] = field(default_factory=dict)
    under_way: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.keys = KeyStore.create(self.folder / "keys.json")
        self._engine = create_engine(f"sqlite:///{self.folder / 'fake.db'}", poolclass=NullPool)
        event.listen(self._engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
        with self._engine.begin() as connection:
            metadata.create_all(connection)
            homes.store(connection, street(), self.keys, NOW)
            self.watches = {o.code: o.watch for o in standing_orders(connection, self.keys)}

    @property
    def audit_heads_file(self) -> Path:
        """In its folder."""
        return self.folder / "audit-heads.txt"

    @property
    def reports_dir(self) -> Path:
        """In its folder."""
        return self.folder / "reports"

    def now(self) -> datetime:
        """Stands still until it is moved."""
        return self.at

    def facts(self) -> Facts:
        """All well, unless the broker is gone."""
        facts = {
            "operator": "China Mobile",
            "registration": "home",
            "signal_dbm": "-71",
            "technology": "lte",
            "stored": "3/50",
            "sent_count": "11",
            "received_texts": "4",
            "own_number": OWN_NUMBER,
            "service_centre": "+8613800755500",
        }
        return Facts(
            now=NOW,
            started_at=NOW - timedelta(days=3),
            broker_connected=self.broker_connected,
            broker_since=NOW - timedelta(seconds=95),
            journal_seq=184_223,
            cursor_seq=184_223,
            disk_free_bytes=21 * 2**30,
            channels={
                "gsm": ChannelHealth(True, "ready", facts),
                "gsm-2": ChannelHealth(False, "sim_pin_wanted", {}),
            },
            proofs={"gsm": Proved(NOW - timedelta(hours=5), 4.2), "gsm-2": Proved()},
            today={
                "gsm": Today(12, 13, 65.0, {"delivered": 10, "unknown": 2, "failed": 1}),
                "gsm-2": Today(),
            },
            parts_today=13,
            parts_a_day=500,
            held={"quiet_hours": 2, "follows_another": 1},
            notices_waiting=1,
            counts={"intake_messages": 184_400, "decisions_bounce": 12},
        )

    async def looks(self) -> list[Look]:
        """One home with an incident, two unknown, one not watched."""
        special = {
            "440307006031203": Standing.INCIDENT,
            "440307006021202": Standing.INCIDENT,
            "440307006031204": Standing.UNKNOWN,
            "440307006011205": Standing.UNKNOWN,
            "440307006011206": Standing.UNWATCHED,
        }
        return [
            Look(
                watch=watch,
                building=f"nl-{code[-5]}",
                standing=special.get(code, Standing.QUIET),
                doors_open=int(special.get(code) is Standing.INCIDENT),
                devices=1,
                missing=(Missing("door-7f3a", "前门", NOW),)
                * (special.get(code) is Standing.UNKNOWN),
                unknown_since=None,
                ends_at=NOW + timedelta(days=12),
            )
            for code, watch in self.watches.items()
        ]

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection of its own."""
        with self._engine.connect() as connection:
            yield connection

    def phones(self, contact: str) -> tuple[str, ...]:
        """As in the street's file."""
        return tuple(f"+86{phone}" for id_, _, _, phone in PEOPLE if contact == f"team-3/{id_}")

    def phone_digest(self, phone: str) -> str:
        """Not the phone."""
        return f"digest of {phone[::-1]}"

    @property
    def prices_fen(self) -> dict[str, float]:
        """Five fen a part."""
        return {"gsm": 5.0}

    async def begin_trial(self, number: str, channel: str) -> TrialBegun:
        """Note it down; the test says what became of it."""
        if self.refuses:
            return TrialBegun(refused=self.refuses)
        self.trials.append((number, channel))
        return TrialBegun("7f3a09c2", channel or "gsm")

    def ended_trial(self, token: str) -> Attempt | None:
        """As the test says."""
        return self.ended.get(token)

    def is_trial_under_way(self, token: str) -> bool:
        """As the test says."""
        return token in self.under_way

    async def command(self, command: Command | PermitCommand) -> Answer:
        """Note it down."""
        self.commands.append(command)
        return self.answer

    async def write(self, job: Callable[[Connection], T]) -> T:
        """Run it at once, in a transaction of its own."""
        with self._engine.begin() as connection:
            return job(connection)

    # ---- what happened ----

    def happen(self) -> None:
        """Enter incidents, texts, a permit and a silence."""
        home = self.watches["440307006031203"]
        other = self.watches["440307006021202"]
        with self._engine.begin() as connection:
            connection.execute(
                insert(incidents),
                [
                    self._incident("i1", "4821", home, 3, 3, "left_open", "open", 4, 2),
                    self._incident("i2", "7350", other, 2, 4, "help", "acknowledged", 11, 20)
                    | {"acknowledgements": _taken(Role.DOCTOR), "matter": "help"},
                    self._incident("i3", "1067", None, 0, 0, "outage", "open", 31, 900)
                    | {"subject": "building:nl-1", "homes_blind": 2, "matter": "outage"},
                    self._incident("i4", "5519", home, 1, 1, "opened", "resolved", 90, 600)
                    | {"resolved_by": "team-3/worker", "cause": "innocent"},
                ],
            )
            connection.execute(insert(transitions), [_opened("i1"), _opened("i2")])
            connection.execute(insert(notices), list(self._notices(home, other)))
            connection.execute(
                insert(permits).values(
                    id="p1",
                    watch=home,
                    from_at=micros(NOW - timedelta(hours=1)),
                    until_at=micros(NOW + timedelta(hours=1)),
                    purpose="meal",
                    granted_by="team-3/lead",
                    asked_by=self.keys.seal(home, "1203 住户"),
                    is_late=False,
                )
            )
            connection.execute(
                insert(silences).values(
                    id="s1",
                    subject=home,
                    from_at=micros(NOW - timedelta(hours=1)),
                    until_at=micros(NOW + timedelta(hours=1)),
                    by="operator",
                    why=self.keys.seal(home, "plumber"),
                )
            )

    def _incident(
        self,
        id_: str,
        number: str,
        watch: str | None,
        level: int,
        severity: int,
        headline: str,
        state: str,
        since_min: int,
        next_min: int,
    ) -> dict[str, object]:
        since_at = micros(NOW - timedelta(minutes=since_min))
        return {
            "id": id_,
            "number": number,
            "matter": "departure",
            "subject": watch or "",
            "watch": watch,
            "team": "team-3",
            "severity": severity,
            "level": level,
            "level_reason": "still_open",
            "state": state,
            "headline": headline,
            "opened_at": since_at,
            "since_at": since_at,
            "next_at": micros(NOW + timedelta(minutes=next_min)),
            "step": 0,
            "told": json.dumps(["team-3/worker"]),
            "acknowledgements": "[]",
            "homes_blind": 0,
            "cause": None,
            "resolved_by": None,
            "reopened": 0,
        }

    def _notices(self, home: str, other: str) -> Iterator[dict[str, object]]:
        sent = [
            ("i1", home, "worker", "delivered", 3, 3.9),
            ("i1", home, "doctor", "sent", 3, 3.8),
            ("i1", home, "police", "failed_temporary", 3, 3.7),
            ("i2", other, "worker", "unconfirmed", 4, 10.9),
            ("i2", other, "doctor", "delivered", 4, 10.8),
            ("i4", home, "worker", "superseded", 1, 89),
        ]
        for index, (incident, watch, contact, state, severity, ago_min) in enumerate(sent):
            text = "【门神】南岭村3栋1203 门开超3分钟未报备 14:31起 证据3级 回复 1 4821"
            at = micros(NOW - timedelta(minutes=ago_min))
            yield {
                "id": f"n{index}",
                "incident": incident,
                "watch": watch,
                "contact": f"team-3/{contact}",
                "kind": "alarm",
                "severity": severity,
                "text": self.keys.seal(watch, text),
                "reason": "still_open",
                "created_at": at,
                "expires_at": at,
                "state": state,
                "next_at": at,
                "channel": "gsm",
            }


def _taken(role: Role) -> str:
    return json.dumps([{"contact": f"team-3/{role}", "role": role, "at": 0, "by": "sms"}])


def _opened(incident: str) -> dict[str, object]:
    return {
        "incident": incident,
        "from_state": None,
        "to_state": "open",
        "reason": "still_open",
        "actor": "system",
        "decided_at": micros(NOW - timedelta(minutes=4)),
        "detail": "",
    }
