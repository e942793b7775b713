"""A report as it is read: its log, its page, its workbook."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook  # type: ignore[import-untyped]  # it has no types
from sqlalchemy import insert

from gateway.audit import store as audit
from gateway.audit.chain import Action
from gateway.homes.look import Standing
from gateway.reports import page, workbook
from gateway.reports.log import What, stories
from gateway.reports.naming import mark
from gateway.reports.period import Kind
from gateway.reports.report import Report
from gateway.reports.words import Teller
from gateway.schema.tables import areas
from tests.fakes.reported import DAY, Town, busy_town, local

CODE = "440307006031203"


@pytest.fixture
def town(tmp_path: Path) -> Town:
    made = Town(tmp_path / "town")
    made.building("b1", "南岭村3栋")
    made.home("w1", CODE, address="南岭村3栋1203")
    for role in ("worker", "doctor", "police"):
        made.person(f"team-1/{role}", role)
    return made


@pytest.fixture(scope="session")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return busy_town(tmp_path_factory.mktemp("thousand"), 1000, days=1).report()


def shown(report: Report, language: Any = "zh", *, is_masked: bool = True) -> str:
    return page.render(report, language, "street-3", is_masked=is_masked).decode()


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def sheets(report: Report, language: Any = "zh", *, is_masked: bool = True) -> dict[str, Any]:
    book = load_workbook(BytesIO(workbook.render(report, language, is_masked=is_masked)))
    return {sheet.title: sheet for sheet in book}


# ---- the log ----


def test_an_incident_is_one_story_from_whistle_to_end(town: Town) -> None:
    town.incident("w1", "14:02", taken="14:09", on_site="14:15", resolved="14:30", cause="innocent")
    (told,) = stories(town.report().entries)
    assert told.entry.what is What.INCIDENT
    assert [step.what for step in told.then] == [What.ACKNOWLEDGED, What.ON_SITE, What.RESOLVED]
    said = text(shown(town.report()))
    assert f"14:02 1037 吹哨 · 未报备开门 · 证据等级 1 南岭村3栋 · {mark('w1')}" in said
    assert "→ 14:09 报到 网格员 → 14:15 到场 网格员 → 14:30 处置 · 无违规 网格员" in said


def test_what_nobody_took_lapsed_or_came_back_is_told_as_such(town: Town) -> None:
    incident = town.incident("w1", "10:00")
    for clock, before, after, reason in (
        ("10:15", "open", "open", "no_acknowledgement"),
        ("10:16", "open", "open", "joined"),
        ("10:20", "open", "acknowledged", "replied"),
        ("10:50", "acknowledged", "open", "lease_lapsed"),
        ("11:00", "open", "resolved", "dealt_with"),
        ("11:05", "resolved", "resolved", "review_due"),
        ("11:10", "resolved", "open", "came_back"),
    ):
        town.step(incident, clock, after, reason, from_state=before)
    (told,) = stories(town.report().entries)
    assert [step.what for step in told.then] == [
        *(What.ESCALATED, What.ACKNOWLEDGED, What.LAPSED, What.RESOLVED, What.REOPENED),
    ]


def test_what_happens_to_an_incident_of_yesterday_is_told_today(town: Town) -> None:
    incident = town.incident("w1", local("22:00", DAY - timedelta(days=1)))
    town.step(incident, "08:30", "acknowledged")
    (told,) = stories(town.report().entries)
    assert (told.entry.what, told.entry.at) == (What.STANDING, local("08:30"))
    assert [step.what for step in told.then] == [What.ACKNOWLEDGED]


def test_permits_silences_and_trouble_of_the_gateway_stand_in_the_log(town: Town) -> None:
    town.permit("w1", local("12:00"), local("12:30"), used_at=local("12:10"))
    town.silence("w1", local("13:00"), local("14:00"))
    town.blind(local("03:00"), local("03:20"))
    said = text(shown(town.report(), "en"))
    assert "03:00 Gateway blind to all homes · hears no device · until 03:20" in said
    assert f"12:00 Permit · meal · until 12:30 南岭村3栋 · {mark('w1')} worker" in said
    assert "→ 12:10 Opened under its permit" in said
    assert f"13:00 Silence · until 14:00 南岭村3栋 · {mark('w1')} operator" in said


def test_acts_of_the_audit_are_counted_by_the_hour_and_logins_left_out(town: Town) -> None:
    with town.engine.begin() as connection:
        for minute, action in ((0, Action.LOGIN), (5, Action.UNMASKED), (40, Action.UNMASKED)):
            at = datetime.fromisoformat(f"2026-11-21T09:{minute:02}:00+08:00")
            audit.append(connection, town.keys, at, "machine", action, "home:1", "核对")
    (entry,) = (each for each in town.report().entries if each.what is What.ACT)
    assert (entry.at, entry.count, entry.about) == (local("09:05"), 2, Action.UNMASKED)
    assert "09:05 查看完整信息 · 2 次 网关操作员" in text(shown(town.report()))


def test_the_busiest_hour_keeps_its_incidents_and_says_how_much_is_left_out(town: Town) -> None:
    for minute in range(30):
        town.permit("w1", local(f"10:{minute:02}"), local("11:00"))
    town.incident("w1", "10:59", matter="help", headline="help")
    said = text(shown(town.report()))
    assert "居民按铃求助" in said
    assert f"另有 {31 - page.MOST_AN_HOUR} 项" in said
    assert len([e for e in town.report().entries if e.what is What.PERMIT]) == 30


# ---- the page ----


def test_a_mark_is_the_same_in_every_report_and_never_a_number() -> None:
    marks = {mark(f"{n:016x}") for n in range(2000)}
    assert mark("w1") == mark("w1")
    assert len(marks) > 1998
    assert all(re.fullmatch("[B-DF-HJ-NP-TV-XZ]{5}", each) for each in marks)


def test_in_full_a_home_is_its_code_and_address_and_a_device_its_id(town: Town) -> None:
    town.condition("silent", local("10:00"), watch="w1", device="door-w1")
    said = text(shown(town.report(), is_masked=False))
    assert CODE in said
    assert "南岭村3栋1203" in said
    assert "door-w1 前门" in said
    assert mark("w1") not in said
    assert "未脱敏" in said


def test_the_page_stands_by_itself_and_runs_nothing(town: Town) -> None:
    html = shown(town.report())
    assert not re.search(
        r"<script|<link|<img|<iframe|https?:|@import|url\((?!#)| style=| on\w+=", html
    )
    assert f"sha256-{_digest(html)}" in page.policy()


def _digest(html: str) -> str:
    import base64
    import hashlib

    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '" onload="x', "=1+1", "{{7*7}}"])
def test_a_name_stays_a_name_whatever_it_says(town: Town, name: str) -> None:
    town.building("b2", name)
    town.home("w2", "440307006031204", building="b2", team=name)
    town.incident("w2", "10:00", team=name)
    html = shown(town.report())
    assert "<script" not in html
    assert 'onload="x' not in html
    assert "49栋" not in html


def test_a_drawing_has_a_square_for_each_home_the_worst_first() -> None:
    drawn = page.drawing(Counter({Standing.QUIET: 9, Standing.INCIDENT: 2, Standing.UNKNOWN: 1}))
    assert (drawn["width"], drawn["height"]) == (100, 20)
    assert drawn["paths"] == {
        Standing.INCIDENT: "M1 5h18",
        Standing.UNKNOWN: "M21 5h8",
        Standing.QUIET: "M31 5h68M1 15h18",
    }


def test_a_thousand_homes_are_a_page_under_200_kb_each_in_the_ledger_once(thousand: Report) -> None:
    html = shown(thousand)
    assert len(html.encode()) < 200_000
    marks = Counter(re.findall(r"<tr><td>([A-Z]{5})<td>", html))
    assert sum(marks.values()) == 1000
    squares = sum(
        (int(width) + 2) // 10
        for path in re.findall(r'<path class=\w d="([^"]+)"', html)
        for width in re.findall(r"h(\d+)", path)
    )
    assert squares == 1000


def test_a_week_tells_each_day_and_no_hours(town: Town) -> None:
    town.incident("w1", "10:00")
    said = text(shown(town.report(DAY - timedelta(days=6), Kind.WEEKLY), "en"))
    assert "Weekly report 2026-11-15 – 2026-11-21" in said
    assert "11-21 1 0% 0/1" in said
    assert "Log" not in said.replace("Login", "")


@pytest.mark.parametrize(
    ("seconds", "said"), [(None, "—"), (0, "0:00"), (318, "5:18"), (3918, "1:05:18")]
)
def test_times_are_short_in_columns(town: Town, seconds: float | None, said: str) -> None:
    assert teller(town).short(seconds) == said


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (None, "—"),
        (0.0, "0%"),
        (0.0004, "<0.1%"),
        (0.5, "50.0%"),
        (0.9996, ">99.9%"),
        (1.0, "100%"),
    ],
)
def test_a_share_is_all_or_nothing_only_where_it_is(
    town: Town, part: float | None, said: str
) -> None:
    assert teller(town).share(part) == said


def teller(town: Town) -> Teller:
    from gateway.reports.naming import Naming
    from gateway.reports.words import LANGUAGES

    known = town.report().known
    return Teller(LANGUAGES["zh"], known, Naming(known, is_masked=True))


# ---- the workbook ----


def test_the_workbook_has_figures_map_ledger_and_log_that_can_be_counted(town: Town) -> None:
    town.incident("w1", "14:02", taken="14:09", resolved="14:30", cause="innocent")
    town.blind(local("01:00"), local("02:30"), "w1", "door-w1")
    found = sheets(town.report())
    assert list(found) == ["要情", "一图", "一账", "一日志"]
    assert all(sheet.freeze_panes == "A2" for sheet in found.values())
    heading, row = found["一账"].iter_rows(max_row=2, values_only=True)
    home = dict(zip(heading, row, strict=True))
    assert home["代号"] == mark("w1")
    assert home["隔离开始"] == datetime(2026, 11, 10)  # noqa: DTZ001 - a workbook knows no zone
    assert (home["事件"], home["看不到的时间"]) == (1, timedelta(minutes=90))
    log = list(found["一日志"].iter_rows(min_row=2, values_only=True))
    assert log[0][:2] == (datetime(2026, 11, 21, 14, 2), "1037")  # noqa: DTZ001 - as above
    assert [row[4] for row in log] == [None, "网格员", "网格员"]
    figures = {row[0].value: row[1] for row in found["要情"].iter_rows() if row and row[0].value}
    assert figures["15 分钟内报到"].value == 1
    assert figures["15 分钟内报到"].number_format == "0.0%"


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\tx", "x\x07y"])
def test_no_cell_is_a_formula_and_none_spoils_the_file(town: Town, name: str) -> None:
    with town.engine.begin() as connection:
        row = {"id": "c", "name": name, "level": "community", "parent": None}
        connection.execute(insert(areas).values(row))
    town.building("b2", name, "c")
    town.home("w2", "440307006031204", building="b2", team=name)
    town.incident("w2", "10:00", team=name)
    for sheet in sheets(town.report()).values():
        cells = [cell for row in sheet.iter_rows() for cell in row]
        assert not [cell for cell in cells if cell.data_type == "f"]
        assert not [c for c in cells if isinstance(c.value, str) and c.value.startswith(("=", "@"))]


def test_a_week_of_logs_is_in_its_workbook(town: Town) -> None:
    for back in range(7):
        town.incident("w1", "10:00", day=DAY - timedelta(days=back))
    log = sheets(town.report(DAY - timedelta(days=6), Kind.WEEKLY), "en")["Log"]
    assert log.max_row == 1 + 7
