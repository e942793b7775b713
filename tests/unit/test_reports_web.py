"""Reports by page, by API and by command: who may, what is masked, and that the audit knows."""

from __future__ import annotations

import asyncio
import re
import threading
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.accounts.rights import Role
from gateway.audit.chain import Action
from gateway.reports.making import Making, Plan
from gateway.reports.shelf import Shelf
from tests.fakes import wire
from tests.fakes.browser import Browser
from tests.fakes.clerk import Clerk
from tests.fakes.gateway import TOKEN

CODE = re.compile(r"4403\d{11}")


@pytest.fixture
def clerk(tmp_path: Path) -> Clerk:
    made = Clerk(tmp_path)
    made.person("chen", Role.SUPERVISOR)
    made.person("lin", Role.SUPERVISOR, area="nanwan")
    made.person("wu", Role.INSTALLER)
    return made


@pytest.fixture
def yesterday(clerk: Clerk) -> date:
    """The day of a report that the gateway made by itself."""
    today = clerk.gateway.now().date()
    shelf = Shelf(clerk.gateway.reports_dir)
    shelf.since(today - timedelta(days=1))
    making = Making(clerk.gateway, shelf, Plan(time(0), None, "zh", 88), lambda: True)
    assert [period.first for period in making.look()] == [today - timedelta(days=1)]
    return today - timedelta(days=1)


def asked(clerk: Clerk, token: str = TOKEN, **body: Any) -> httpx.Response:
    client = wire.client(clerk.app)
    headers = {"Authorization": f"Bearer {token}"}
    return client.post("/api/v1/reports", json=body, headers=headers)


def test_a_supervisor_opens_what_the_gateway_made_and_the_audit_knows(
    clerk: Clerk, yesterday: date
) -> None:
    browser = clerk.with_factor("chen")
    assert f"/reports/daily-{yesterday}/html" in browser.open("/reports")
    shown = browser.client.get(f"/reports/daily-{yesterday}/html")
    kept = (clerk.gateway.reports_dir / f"daily-{yesterday}.html").read_bytes()
    assert shown.content == kept
    assert "style-src 'sha256-" in shown.headers["content-security-policy"]
    assert shown.headers["content-disposition"].startswith("inline")
    book = browser.client.get(f"/reports/daily-{yesterday}/xlsx")
    assert book.content.startswith(b"PK")
    assert book.headers["content-disposition"] == (
        f'attachment; filename="menshen-daily-{yesterday}.xlsx"'
    )
    rows = [row for row in clerk.audited() if row.action == Action.EXPORTED]
    assert [row.subject for row in rows] == [f"report:daily-{yesterday}"] * 2


def test_who_may_not_export_sees_no_report(clerk: Clerk, yesterday: date) -> None:
    browser = clerk.logged_in("wu")
    assert "/reports" not in browser.open("/account")
    for path in ("/reports", f"/reports/daily-{yesterday}/html"):
        assert browser.client.get(path).status_code == 403
    stranger = clerk.browser()
    assert "/login" in stranger.client.get(f"/reports/daily-{yesterday}/html").headers["location"]


def test_a_supervisor_of_one_area_gets_nothing_of_others(clerk: Clerk, yesterday: date) -> None:
    browser = clerk.with_factor("lin")
    assert "本辖区" in browser.open("/reports")
    shown = browser.client.get(f"/reports/daily-{yesterday}/html").text
    kept = (clerk.gateway.reports_dir / f"daily-{yesterday}.html").read_text("utf-8")
    assert "<tr><td>" in kept
    assert "<tr><td>" not in shown  # the street of the fake gateway is of no area
    assert "只含本人所辖区域" in shown


@pytest.mark.parametrize(
    "path", ["daily-2026-11-21/pdf", "daily-2031-01-01/html", "daily-x/html", "since/html"]
)
def test_what_is_no_report_is_not_found(clerk: Clerk, path: str) -> None:
    browser = clerk.with_factor("chen")
    assert browser.client.get(f"/reports/{path}").status_code == 404


def made(browser: Browser, **fields: str) -> Browser:
    browser.open("/reports")
    browser.submit("/reports", **{"kind": "daily", "day": "", "format": "html", **fields})
    return browser


def test_in_full_it_takes_a_fresh_code_and_a_reason_and_is_kept_nowhere(clerk: Clerk) -> None:
    browser = clerk.with_factor("chen")
    assert made(browser, in_full="yes", why="看").status == 403
    assert not CODE.search(browser.shown)
    assert made(browser, in_full="yes", why="核对昨日处置").status == 200
    assert CODE.search(browser.shown)
    assert not clerk.gateway.reports_dir.exists()
    row = clerk.audited()[-1]
    assert (row.action, row.detail) == (Action.UNMASKED, "核对昨日处置")
    clerk.passes(minutes=16)
    assert made(browser, in_full="yes", why="核对昨日处置").status == 403
    assert not CODE.search(browser.shown)


def test_whoever_asks_for_nothing_gets_it_masked(clerk: Clerk) -> None:
    browser = made(clerk.with_factor("chen"))
    assert browser.status == 200
    assert "已脱敏" in browser.shown
    assert not CODE.search(browser.shown)


def test_the_page_is_small_in_both_languages_and_led_to_from_the_status_page(
    clerk: Clerk, yesterday: date
) -> None:
    assert "/reports" not in clerk.browser().open("/")
    browser = clerk.with_factor("chen")
    assert "/reports?lang=zh" in browser.open("/")
    for language, word in (("zh", "每日研判"), ("en", "Daily log")):
        shown = browser.open(f"/reports?lang={language}")
        assert word in shown
        assert len(shown.encode()) < 30_000


def test_a_form_that_is_not_ours_makes_no_report(clerk: Clerk) -> None:
    browser = clerk.with_factor("chen")
    before = clerk.actions()
    answer = browser.post("/reports", kind="daily", format="html", in_full="yes", why="核对处置")
    assert answer.headers["location"] == "/account"
    assert clerk.actions() == before


# ---- programs ----


def test_a_program_gets_a_report_masked_and_one_in_full_with_a_reason(clerk: Clerk) -> None:
    masked = asked(clerk, kind="daily", language="en")
    assert masked.status_code == 200
    assert "Daily log" in masked.text
    assert not CODE.search(masked.text)
    assert asked(clerk, kind="daily", unmask=True, why="").status_code == 422
    in_full = asked(clerk, kind="weekly", unmask=True, why="核对今日名单", format="html")
    assert CODE.search(in_full.text)
    assert clerk.actions()[-2:] == [Action.EXPORTED, Action.UNMASKED]


@pytest.mark.parametrize("day", ["2031-01-01", "0001-01-01", "1999-12-31", "9999-12-31"])
def test_a_day_that_has_no_report_is_refused(clerk: Clerk, day: str) -> None:
    answer = asked(clerk, kind="daily", date=day)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["column"] == "date"


def test_a_program_lists_what_is_kept(clerk: Clerk, yesterday: date) -> None:
    client = wire.client(clerk.app)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    (found,) = client.get("/api/v1/reports", headers=headers).json()["items"]
    assert (found["name"], found["first"]) == (f"daily-{yesterday}", f"{yesterday}")
    assert client.get("/api/v1/reports").status_code == 401


def test_what_is_kept_is_given_as_it_was_made(clerk: Clerk, yesterday: date) -> None:
    first = asked(clerk, kind="daily", date=f"{yesterday}").text
    clerk.passes(hours=5)
    assert asked(clerk, kind="daily", date=f"{yesterday}").text == first
    again = asked(clerk, kind="daily", date=f"{yesterday}", language="en").text
    assert "made " in again


async def test_making_one_leaves_the_event_loop_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = await asyncio.to_thread(Clerk, tmp_path)
    making = Making(
        clerk.gateway, Shelf(tmp_path / "reports"), Plan(time(8), 0, "zh", 88), lambda: True
    )
    loop, looked, threads = asyncio.get_running_loop(), asyncio.Event(), []

    def look(_self: Making) -> None:
        threads.append(threading.current_thread())
        loop.call_soon_threadsafe(looked.set)

    monkeypatch.setattr(Making, "look", look)
    task = asyncio.create_task(making.run())
    await looked.wait()
    task.cancel()
    assert threads != [threading.main_thread()]


def test_the_command_writes_what_the_gateway_answers(
    clerk: Clerk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    from gateway.cli import reports as command
    from gateway.cli.local import Local

    gateway = Local("http://127.0.0.1:8080", TOKEN, transport=wire.client(clerk.app)._transport)
    monkeypatch.setattr(Local, "of", lambda _config: gateway)
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(command.report, ["daily", "--date", "2026-11-20"])
    assert ran.output == "wrote menshen-daily-2026-11-20.html\n"
    written = tmp_path / "menshen-daily-2026-11-20.html"
    assert "已脱敏" in written.read_text("utf-8")
    assert written.stat().st_mode & 0o077 == 0
    ran = CliRunner().invoke(command.report, ["weekly", "--out", "w.xlsx", "--language", "en"])
    assert (tmp_path / "w.xlsx").read_bytes().startswith(b"PK")
    ran = CliRunner().invoke(command.report, ["daily", "--date", "2031-01-01"])
    assert ran.exit_code == 1
    ran = CliRunner().invoke(command.report, ["list"])
    assert "no report was made yet" in ran.output
