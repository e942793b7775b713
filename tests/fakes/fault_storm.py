"""Hundreds of notices that wait for a modem, and what became of each once it is back.

Teams of their own, so that the notices go to many phones; the notices are about no incident that
stands, so nothing is added to them.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, select

from alerts import outbox, store
from alerts.changes import Changes
from alerts.model import Notice, NoticeKind, NoticeState, Severity
from alerts.reason import Reason
from alerts.tables import notices
from alerts.wording import WORDINGS
from firmware_sim.modem_run import SimulatedModem
from firmware_sim.modem_world import Settings
from gateway.config import Config
from gateway.db import Database
from gateway.privacy import KeyStore
from tests.fakes.fault_account import ENDED
from tests.fakes.fault_gateway import GatewayProcess
from tests.fakes.fault_street import prepare
from tests.fakes.fault_wait import until

PHONES = 40
LONGEST_LIFE_S = 4.0
"""A gateway is killed at any time from its first instruction to this long after it."""
REPORTS_WITHIN_S = 3.0
"""Of each other, once all texts are out: a driver keeps a report back for a second."""
SPENDING = """\
[spending]
bundle_s = 1.5
bundle_critical_s = 0.5
"""
"""The windows are short, so that a storm ends within a test; every other limit is the product's."""
WORTH = {
    Severity.HELP: 1,
    Severity.CRITICAL: 9,
    Severity.MAJOR: 30,
    Severity.MINOR: 40,
    Severity.HEALTH: 20,
}
"""Of a hundred notices."""
AGAIN = WORDINGS["zh"].resent
_TEXT = re.compile(r"(?:text|short) (\d{4})(?: 另有(\d+)起)?")


@dataclass(frozen=True)
class Arrived:
    """One text at a phone, in the order in which they came."""

    phone: str
    notice: str
    others: int
    is_marked: bool


@dataclass
class Outcomes:
    """The summary of one storm; what was not as promised says so in `faults`."""

    kills: int
    notices: int = 0
    texts: int = 0
    ended: dict[str, int] = field(default_factory=dict)  # by state and reason
    vanished: int = 0
    without_end: int = 0
    repeats: int = 0  # texts that arrived once more
    repeats_unmarked: int = 0
    repeats_not_critical: int = 0
    never_seen: int = 0  # delivered, or spoken of in a text, and no such text arrived
    too_many: int = 0  # texts that are not critical, beyond what a phone may get in 15 minutes
    seconds: float = 0.0

    @property
    def faults(self) -> list[str]:
        """Say which promise was broken."""
        never = ("vanished", "without_end", "repeats_unmarked", "repeats_not_critical")
        wrong = [
            f"{name}: {value}"
            for name, value in asdict(self).items()
            if value and name in (*never, "never_seen", "too_many")
        ]
        if self.repeats > self.kills:
            wrong.append(f"{self.repeats} repeats exceed {self.kills} kills")
        return wrong

    def as_json(self) -> str:
        """Return the summary as one line."""
        return json.dumps({**asdict(self), "is_met": not self.faults}, ensure_ascii=False)


class Storm:
    """A gateway's directory with notices that wait, and a modem that can be pulled out."""

    def __init__(self, directory: Path, broker_port: int, count: int, seed: int) -> None:
        link = directory / "modem"
        channel = f'[[channels]]\nkind = "gsm"\nname = "modem"\nport = "{link}"\nis_paced = false\n'
        directory.mkdir(parents=True, exist_ok=True)
        self.config = prepare(
            directory / "gateway", broker_port, homes=1, channels=channel, spending=SPENDING
        )
        self.phones = _add_teams(self.config)
        self.modem = SimulatedModem(link, Settings(air_s=0.01))
        self.gateway = GatewayProcess(directory / "gateway", self.config)
        self.notices = _write(self.config, sorted(self.phones), count, random.Random(seed))

    def rage(self, kills: int, seed: int) -> Outcomes:
        """Bring the modem back, kill the gateway so often, let it finish, and account for all."""
        moments, began_at = random.Random(seed), time.monotonic()
        with self.modem as modem, self.gateway as gateway:
            # So slow that kills come while texts are under way, until the last of them.
            slow_s = max(0.1, kills * LONGEST_LIFE_S / 4 / PHONES)
            modem.order(do="fault", fault=f"slow-send={slow_s:.2f}")
            for _ in range(kills):
                gateway.start()
                time.sleep(moments.uniform(0, LONGEST_LIFE_S))  # a kill comes at any moment
                gateway.kill()
            gateway.start()
            until(self._is_calm, "every notice went its way", 120)
            self._hear_reports()
            gateway.kill()
        found = self._account(kills)
        found.seconds = round(time.monotonic() - began_at, 1)
        return found

    def arrived(self) -> list[Arrived]:
        """Return the texts of this storm that reached a phone."""
        texts = [each for each in self.modem.events if each["event"] == "text"]
        found = ((each, _TEXT.search(each["text"])) for each in texts)
        return [
            Arrived(each["to"], match[1], int(match[2] or 0), AGAIN.strip() in each["text"])
            for each, match in found
            if match
        ]

    def _is_calm(self) -> bool:
        waiting = "SELECT count(*) FROM notices WHERE state IN (?, ?, ?) AND kind <> 'test'"
        return not self.gateway.count(waiting, "pending", "sending", "failed_temporary")

    def _hear_reports(self) -> None:
        """Wait until no more reports come: those that a kill swallowed never do."""
        heard, since = -1, 0.0

        def is_quiet() -> bool:
            nonlocal heard, since
            reported = self.gateway.count("SELECT count(*) FROM attempts WHERE reported NOT NULL")
            if reported != heard:
                heard, since = reported, time.monotonic()
            return time.monotonic() - since > REPORTS_WITHIN_S

        until(is_quiet, "reports have come", 60)

    def _account(self, kills: int) -> Outcomes:
        rows = {row.id: row for row in _after_two_days(self.config) if row.id in self.notices}
        texts = self.arrived()
        times = Counter(each.notice for each in texts)
        found = Outcomes(kills, len(rows), len(texts))
        found.ended = dict(Counter(f"{row.state} ({row.end_reason})" for row in rows.values()))
        found.vanished = len(self.notices.keys() - rows.keys())
        found.without_end = sum(row.state not in ENDED for row in rows.values())
        found.repeats = sum(count - 1 for count in times.values())
        found.repeats_unmarked = found.repeats - sum(
            each.is_marked for each in texts if times[each.notice] > 1
        )
        found.repeats_not_critical = sum(
            count > 1 and self.notices[id_] < Severity.CRITICAL for id_, count in times.items()
        )
        found.never_seen = sum(_is_unseen(row, rows, times) for row in rows.values())
        plain = Counter(
            each.phone for each in texts if self.notices[each.notice] < Severity.CRITICAL
        )
        most = self.config.spending.phone_per_15_min
        found.too_many = sum(max(0, count - most) for count in plain.values())
        return found


def _is_unseen(row: Row[Any], rows: dict[str, Row[Any]], times: Counter[str]) -> bool:
    if row.state == NoticeState.DELIVERED:
        return not times[row.id]
    if row.end_reason != "bundled":
        return False
    carrier = rows[row.bundled_into]
    return carrier.state == NoticeState.DELIVERED and not times[carrier.id]


def _add_teams(config: Config) -> dict[str, str]:
    """Add teams to the homes file; return phones by contact."""
    phones = {f"storm-{n}/worker": f"+86138{n:08d}" for n in range(PHONES)}
    tables = [
        f'\n[[teams]]\nid = "{contact.partition("/")[0]}"\n'
        f'members = [{{ id = "worker", role = "worker", phones = ["{phone}"] }}]\n'
        for contact, phone in phones.items()
    ]
    with config.homes_file.open("a", encoding="utf-8") as file:
        file.writelines(tables)
    return phones


def _write(
    config: Config, contacts: Sequence[str], count: int, dice: random.Random
) -> dict[str, Severity]:
    """Write so many notices; return how bad each is."""
    now = datetime.now(UTC)
    drawn = dice.choices(list(WORTH), list(WORTH.values()), k=count)
    new = [
        Notice(
            id=f"{number:04d}",
            incident=f"storm-{number}",
            watch=None,
            contact=dice.choice(contacts),
            kind=NoticeKind.ALARM,
            severity=severity,
            text=f"【门神】text {number:04d}",
            short_text=f"【门神】short {number:04d}",
            reason=Reason.OPENED_UNANNOUNCED,
            created_at=now + timedelta(milliseconds=number),
            expires_at=now + timedelta(hours=4),
        )
        for number, severity in enumerate(drawn)
    ]
    keys = KeyStore.open(config.keys_file)
    keys.ensure(["gateway"])
    database = Database(config.database_file)
    with closing(database):
        database.migrate()
        with database.writer() as connection, connection.begin():
            store.save(connection, Changes(notices=new), keys, now)
    return {each.id: each.severity for each in new}


def _after_two_days(config: Config) -> Iterable[Row[Any]]:
    """Return all notices, after those expired that nobody reported on."""

    def look(connection: Connection) -> Sequence[Row[Any]]:
        with connection.begin():
            outbox.expire(connection, datetime.now(UTC) + timedelta(days=2, hours=1))
            return connection.execute(select(notices)).all()

    database = Database(config.database_file)
    with closing(database):
        database.migrate()
        with database.writer() as connection:
            return look(connection)
