"""A registry on its own: the tables, a writer that runs jobs at once, and lists staged in place."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.config import Config, load
from gateway.db import Database
from gateway.homes.store import standing_orders
from gateway.init import init_data
from gateway.privacy import KeyStore
from gateway.registry.columns import COLUMNS, Kind
from gateway.registry.export import Format, write
from gateway.registry.index import HomeIndex
from gateway.registry.listing import Listing
from gateway.registry.rows import from_values
from gateway.registry.stage import Report, Surroundings, stage_entry, stage_file
from gateway.registry.staging import OneTimeSeal
from gateway.registry.switch import seal_for_good, switch

NOW = datetime(2026, 11, 21, 6, 35, tzinfo=UTC)

BUILDING = {"name": "南岭村3栋"}
WORKER = {"role": "网格员", "name": "王小明", "phones": "13900000001"}
HOME = {
    "building": "nl-3",
    "team": "team-3",
    "address": "南岭村3栋1203",
    "starts_at": "2026-11-20 10:00",
    "ends_at": "2026-12-04 10:00",
    "notice_served_at": "2026-11-20 09:00",
    "residents": "张三、李四",
    "phones": "13900000002、-",
}
CODE = "440307006031203"


def config_of(folder: Path, extra: str = "") -> Config:
    """Write a configuration without a homes file, with keys and a token."""
    file = folder / "menshen.toml"
    file.write_text(f'[gateway]\nhomes_file = ""\n{extra}', encoding="utf-8")
    config = load(file)
    init_data(config)
    return config


class Records:
    """The registry of a gateway that does not run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = config_of(folder)
        self.keys = KeyStore.open(self.config.keys_file)
        self.database = Database(self.config.database_file)
        self.database.migrate()
        self.index = HomeIndex(self.database.read, self.keys)
        self.now = NOW
        self._files = 0

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def with_a_home(self) -> Records:
        """Enter a building, a team and a home."""
        self.enter(Kind.BUILDINGS, id="nl-3", **BUILDING)
        self.enter(Kind.TEAMS, team="team-3", member="worker", **WORKER)
        assert self.enter(Kind.HOMES, house_code=CODE, **HOME).is_good
        return self

    def enter(self, kind: Kind, **values: Any) -> Report:
        """Enter one thing, if nothing is wrong with it."""
        around, staging = self._around()
        report = stage_entry(kind, from_values(kind, values, around.zone), around)
        return self._switched(report, staging, around.seal)

    def bring(self, content: bytes, kind: Kind | None = None, *, dry_run: bool = False) -> Report:
        """Import a file, if nothing is wrong with it."""
        around, staging = self._around()
        file = self.new_file(".upload")
        file.write_bytes(content)
        report = stage_file(file, kind, around)
        return report if dry_run else self._switched(report, staging, around.seal)

    def exported(self, kind: Kind, form: Format = Format.CSV, *, is_masked: bool = False) -> bytes:
        """Take out a list."""
        file = self.new_file(f".{form}")
        with self.database.read() as connection:
            listing = Listing(connection, self.keys, self.index, self.zone, is_masked=is_masked)
            write(file, kind, listing.every(kind), form)
        return file.read_bytes()

    def shown(self, kind: Kind, key: str, area: str = "") -> dict[str, str] | None:
        """One entry, in full."""
        with self.database.read() as connection:
            listing = Listing(connection, self.keys, self.index, self.zone, area, is_masked=False)
            return listing.one(kind, key)

    def watch(self, code: str = CODE) -> str:
        """The watch of a home's standing order."""
        with self.database.read() as connection:
            return next(
                order.watch
                for order in standing_orders(connection, self.keys)
                if order.code == code
            )

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database."""
        with self.database.read() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query, values)]

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of all tables that an import may change."""
        tables = "areas buildings teams contacts homes orders residents devices equipment bindings"
        return {
            table: sorted(self.rows(f"SELECT * FROM {table}"), key=repr)
            for table in f"{tables} registry_changes".split()
        }

    @property
    def zone(self) -> Any:
        """Local time."""
        return self._around()[0].zone

    def new_file(self, suffix: str) -> Path:
        """A path that is not there yet."""
        self._files += 1
        return self.folder / f"{self._files}{suffix}"

    def staged(self) -> tuple[Surroundings, Path]:
        """Surroundings for staging by hand."""
        return self._around()

    def _around(self) -> tuple[Surroundings, Path]:
        from zoneinfo import ZoneInfo

        staging = self.new_file(".staging")
        around = Surroundings(
            database=self.config.database_file,
            staging=staging,
            keys=self.keys,
            seal=OneTimeSeal(),
            watch_of=self.index.watch_of(),
            zone=ZoneInfo(self.config.policy.timezone),
            now=self.now,
        )
        return around, staging

    def _switched(self, report: Report, staging: Path, seal: OneTimeSeal) -> Report:
        if report.is_good:
            self.switch(report, staging, seal)
        return report

    def switch(self, report: Report, staging: Path, seal: OneTimeSeal) -> None:
        """Make what is staged the truth."""
        seal_for_good(staging, self.keys, seal)
        with closing(self.database.writer()) as connection:
            switch(connection, staging, report.snapshot, "tester", self.now)
        self.index.invalidate()


def table(kind: Kind, *rows: Mapping[str, str]) -> bytes:
    """A list as CSV in UTF-8, with the columns that its rows have."""
    file = io.StringIO()
    keys = [column.key for column in COLUMNS[kind] if any(column.key in row for row in rows)]
    writer = csv.writer(file)
    writer.writerow(keys)
    writer.writerows([row.get(key, "") for key in keys] for row in rows)
    return file.getvalue().encode()
