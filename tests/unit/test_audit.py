"""The audit: written with what it speaks of, without a name, and compared with its heads."""

from __future__ import annotations

import asyncio
import json
import stat
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update
from typer.testing import CliRunner

from gateway.accounts.rights import MACHINE, Role
from gateway.accounts.turn import Turn
from gateway.audit import heads, store
from gateway.audit.chain import Action, Broken, Fault, Head, linked
from gateway.audit.heads import Heads, HeadsError
from gateway.audit.tables import audit, audit_said
from gateway.cli.app import app
from gateway.config import load
from gateway.db import Database
from gateway.init import init
from gateway.privacy import KeyStore
from tests.fakes.clerk import Clerk
from tests.fakes.gateway import NOW

ZONE = "Asia/Shanghai"
TODAY = date(2026, 11, 21)


@pytest.fixture
def clerk(tmp_path: Path) -> Clerk:
    return Clerk(tmp_path)


def note(clerk: Clerk, *details: str) -> None:
    """Have something noted for each."""
    for detail in details:
        clerk.turn(lambda turn, said=detail: turn.note(Action.EXPORTED, "homes", said))


def verdict(clerk: Clerk, given: list[Head] | None = None) -> Broken | None:
    with clerk.gateway.read() as connection:
        return store.verify(connection, clerk.gateway.keys, given or [])


# ---- what is written ----


def test_what_is_undone_leaves_no_row(clerk: Clerk) -> None:
    def noted_then_failed(turn: Turn) -> None:
        turn.note(Action.EXPORTED, "homes")
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError):
        clerk.turn(noted_then_failed)
    assert clerk.audited() == []
    note(clerk, "one")
    assert [row.seq for row in clerk.audited()] == [1]


def test_the_chain_names_nobody_and_nothing(clerk: Clerk) -> None:
    chen = clerk.person("chen", Role.INSTALLER)
    note(clerk, "the list of nanling")
    with clerk.gateway.read() as connection:
        rows = repr(connection.execute(select(audit)).all())
        said = repr(connection.execute(select(audit_said)).all())
    for secret in ("chen", "homes", "nanling"):
        assert secret not in rows
        assert secret not in said
    assert chen.id not in rows


def test_without_its_words_the_chain_is_still_whole_and_readable(clerk: Clerk) -> None:
    note(clerk, "one", "two")
    with clerk.gateway._engine.begin() as connection:
        connection.execute(delete(audit_said))
    assert verdict(clerk) is None
    assert [(row.actor, row.action, row.detail) for row in clerk.audited()] == [
        ("machine", "exported", "")
    ] * 2


def test_the_same_subject_is_known_again_and_the_same_detail_is_not(clerk: Clerk) -> None:
    note(clerk, "one", "one")
    with clerk.gateway.read() as connection:
        first, second = store.rows(connection)
    assert first.subject == second.subject
    assert first.detail != second.detail


def test_digests_cannot_be_tried_out_with_the_database_alone(clerk: Clerk) -> None:
    note(clerk, "one")
    with clerk.gateway.read() as connection:
        salt = store.known_salt(connection, clerk.gateway.keys)
        stored = connection.exec_driver_sql("SELECT value FROM meta").all()
    assert salt is not None
    assert salt.hex() not in repr(stored)


# ---- what is found ----


@pytest.mark.parametrize("column", ["at", "actor", "action", "subject", "detail", "previous"])
def test_a_changed_row_is_found_by_its_number(clerk: Clerk, column: str) -> None:
    note(clerk, "one", "two", "three")
    value = 1 if column == "at" else "f" * 32
    with clerk.gateway._engine.begin() as connection:
        connection.execute(update(audit).where(audit.c.seq == 2).values({column: value}))
    broken = verdict(clerk)
    assert broken is not None
    assert broken.seq == 2


def test_other_words_than_those_noted_are_found(clerk: Clerk) -> None:
    note(clerk, "one", "two")
    said = json.dumps({"subject": "homes", "detail": "something else"})
    with clerk.gateway._engine.begin() as connection:
        sealed = clerk.gateway.keys.seal("gateway", said)
        connection.execute(update(audit_said).where(audit_said.c.seq == 2).values(sealed=sealed))
    assert verdict(clerk) == Broken(2, Fault.WORDS_DIFFER)


def test_a_chain_that_was_written_anew_differs_from_a_kept_head(clerk: Clerk) -> None:
    note(clerk, "one", "two", "three")
    with clerk.gateway.read() as connection:
        kept = [store.head(connection, TODAY, ZONE)]
        rows = list(store.rows(connection))
    forged, before = [], None
    for row in rows:
        before = linked(
            before,
            at=row.at,
            actor="somebody-else" if row.seq == 2 else row.actor,
            action=row.action,
            subject=row.subject,
            detail=row.detail,
        )
        forged.append(before)
    with clerk.gateway._engine.begin() as connection:
        connection.execute(delete(audit))
        connection.execute(audit.insert(), [store._columns(row) for row in forged])
    assert verdict(clerk) is None
    assert verdict(clerk, kept) == Broken(3, Fault.HEAD_DIFFERS)


def test_an_end_that_was_cut_off_is_missed_by_a_kept_head(clerk: Clerk) -> None:
    note(clerk, "one", "two", "three")
    with clerk.gateway.read() as connection:
        kept = [store.head(connection, TODAY, ZONE)]
    with clerk.gateway._engine.begin() as connection:
        connection.execute(delete(audit).where(audit.c.seq == 3))
        connection.execute(delete(audit_said).where(audit_said.c.seq == 3))
    assert verdict(clerk) is None
    assert verdict(clerk, kept) == Broken(3, Fault.MISSING)


# ---- heads ----


def test_each_day_has_the_head_of_its_last_row(clerk: Clerk) -> None:
    note(clerk, "one", "two")
    clerk.passes(days=2)
    note(clerk, "three")
    with clerk.gateway.read() as connection:
        found = store.heads(connection, TODAY - timedelta(days=1), TODAY + timedelta(days=2), ZONE)
        hashes = {row.seq: row.hash for row in store.rows(connection)}
    assert [head.seq for head in found] == [0, 2, 2, 3]
    assert [head.hash for head in found[1:]] == [hashes[2], hashes[2], hashes[3]]


@pytest.fixture
def noting(clerk: Clerk) -> Heads:
    gateway = clerk.gateway
    return Heads(gateway.audit_heads_file, gateway.read, gateway.now, ZONE)


def test_a_head_is_written_once_a_day_when_the_local_day_is_over(
    clerk: Clerk, noting: Heads
) -> None:
    note(clerk, "one")
    assert noting.note() is None
    clerk.gateway.at = datetime(2026, 11, 21, 16, 0, 5, tzinfo=UTC)  # five past midnight
    written = noting.note()
    assert written is not None
    assert (written.day, written.seq) == (TODAY, 1)
    assert noting.note() is None
    note(clerk, "two")
    clerk.passes(days=1)
    noting.note()
    assert [(head.day.day, head.seq) for head in heads.read(noting.path)] == [(21, 1), (22, 2)]
    assert stat.S_IMODE(noting.path.stat().st_mode) == 0o600
    assert verdict(clerk, heads.read(noting.path)) is None


def test_a_clock_that_was_wrong_takes_no_day_from_those_after(clerk: Clerk, noting: Heads) -> None:
    note(clerk, "one")
    clerk.passes(days=4000)
    assert noting.note() is not None
    clerk.gateway.at = NOW + timedelta(days=1)
    written = noting.note()
    assert written is not None
    assert written.day == TODAY


async def test_heads_are_noted_while_the_gateway_runs(
    clerk: Clerk, noting: Heads, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write() -> None:
        with clerk.gateway._engine.begin() as connection:
            turn = Turn(connection, clerk.gateway.keys, NOW, MACHINE)
            turn.note(Action.EXPORTED, "homes")

    looks = 0

    async def an_hour_passes(_: float) -> None:
        nonlocal looks
        looks += 1
        clerk.passes(hours=1)
        if looks == 30:
            raise asyncio.CancelledError

    write()
    monkeypatch.setattr(heads.asyncio, "sleep", an_hour_passes)
    with pytest.raises(asyncio.CancelledError):
        await noting.run()
    assert [head.day for head in heads.read(noting.path)] == [TODAY]


@pytest.mark.parametrize("line", ["hello", "2026-02-30 1 " + "a" * 64, "2026-11-21 1 abc"])
def test_a_file_that_somebody_wrote_into_is_said_by_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "heads.txt"
    path.write_text(f"{Head(TODAY, 1, 'a' * 64)}\n{line}\n")
    with pytest.raises(HeadsError, match="line 2 is no head"):
        heads.read(path)


# ---- the command line ----


@pytest.fixture
def configured(tmp_path: Path) -> Path:
    """A gateway that was set up, has an audit of three rows, and does not run."""
    path = tmp_path / "menshen.toml"
    init(path)
    config = load(path)
    database = Database(config.database_file)
    database.migrate()
    keys = KeyStore.open(config.keys_file)
    with database.writer() as connection, connection.begin():
        for n in range(3):
            turn = Turn(connection, keys, datetime.now(UTC), MACHINE)
            turn.note(Action.EXPORTED, "homes", str(n))
    database.close()
    return path


def menshen(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.output


def test_a_whole_chain_is_said_to_be_and_its_head_printed(configured: Path) -> None:
    status, said = menshen("audit", "verify", "-c", str(configured))
    assert (status, said) == (0, "whole: 3 rows, compared with 0 heads\n")
    status, said = menshen("audit", "head", "-c", str(configured), "--json")
    assert (status, json.loads(said)["seq"]) == (0, 3)
    status, said = menshen("audit", "head", "-c", str(configured), "--day", "2020-01-01")
    assert (status, said) == (0, f"2020-01-01 0 {'0' * 64}\n")


def test_the_first_row_that_fails_is_named_and_the_status_says_so(
    configured: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "my-own-copy.txt"
    copy.write_text(menshen("audit", "head", "-c", str(configured))[1])
    compared = menshen("audit", "verify", "-c", str(configured), "--heads", str(copy))
    assert compared == (0, "whole: 3 rows, compared with 1 heads\n")
    database = Database(load(configured).database_file)
    with database.writer() as connection, connection.begin():
        connection.execute(delete(audit).where(audit.c.seq == 3))
        connection.execute(delete(audit_said).where(audit_said.c.seq == 3))
    database.close()
    assert menshen("audit", "verify", "-c", str(configured))[0] == 0
    status, said = menshen("audit", "verify", "-c", str(configured), "--heads", str(copy), "--json")
    assert status == 1
    assert json.loads(said)["first"] == {"seq": 3, "fault": "missing"}


def test_what_is_missing_is_said(tmp_path: Path, configured: Path) -> None:
    status, said = menshen("audit", "verify", "-c", str(configured), "--heads", "nowhere.txt")
    assert (status, "nowhere.txt: no such file" in said) == (2, True)
    load(configured).database_file.unlink()
    status, said = menshen("audit", "verify", "-c", str(configured))
    assert (status, "start the gateway once" in said) == (1, True)
    assert menshen("audit", "head", "-c", str(configured), "--day", "soon")[0] != 0
