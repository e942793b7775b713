"""Lists as Excel, WPS and others write them are read; what is hostile is refused."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from gateway.registry.columns import Kind
from gateway.registry.export import Format, harmless
from gateway.registry.package import SheetError
from gateway.registry.sheets import open_sheet
from tests.fakes.registry import CODE, Records

HEADINGS = ["房屋编码", "楼栋编码", "三人组", "地址", "开始时间", "结束时间", "手机号", "姓名"]
ROW = [
    440307006031299,
    "nl-3",
    "team-3",
    "南岭村3栋1299",
    datetime(2026, 11, 20, 10),  # noqa: DTZ001 - as a spreadsheet has it
    "2026年12月4日 10:00",
    13900000009.0,
    "王五",
]


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    with closing(Records(tmp_path)) as made:
        yield made.with_a_home()


def workbook(change: Callable[[Any], None] = lambda _sheet: None, *rows: list[Any]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for each in (HEADINGS, *(rows or (ROW,))):
        sheet.append(each)
    change(sheet)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def why(records: Records, content: bytes) -> str:
    report = records.bring(content)
    assert not report.is_good
    return " ".join(f"{each.row} {each.column} {each.wrong}" for each in report.problems)


# ---- encodings ----


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_is_read_in_each_encoding_and_with_each_delimiter(
    records: Records, encoding: str, delimiter: str
) -> None:
    lines = [["楼栋编码", "楼栋名称"], ["nl-9", "南岭村９栋"]]
    content = "\r\n".join(delimiter.join(line) for line in lines).encode(encoding)
    assert records.bring(content).counts == {"new": 1}
    shown = records.shown(Kind.BUILDINGS, "nl-9")
    assert shown is not None
    assert shown["name"] == "南岭村9栋"


def test_a_title_above_the_headings_is_passed_over(records: Records) -> None:
    content = "某街道楼栋台账,,\n,,\n楼栋编码,楼栋名称,备注\nnl-9,9栋,x\n".encode()
    report = records.bring(content)
    assert report.counts == {"new": 1}
    assert report.passed_over == ("备注",)


def test_a_list_of_nothing_we_know_says_what_is_needed(records: Records) -> None:
    assert "房屋编码 (house_code)" in why(records, b"a,b\n1,2\n")


# ---- spreadsheets ----


def test_numbers_dates_and_phones_of_a_spreadsheet_are_read(records: Records) -> None:
    assert records.bring(workbook()).counts == {"new": 1}
    shown = records.shown(Kind.HOMES, "440307006031299")
    assert shown is not None
    assert shown["starts_at"] == "2026-11-20 10:00:00+08:00"
    assert (shown["phones"], shown["residents"]) == ("+8613900000009", "王五")


def hide(sheet: Any) -> None:
    sheet.row_dimensions[2].hidden = True


def merge(sheet: Any) -> None:
    sheet.merge_cells("B2:B3")


def formula(sheet: Any) -> None:
    sheet["D2"] = '=CONCAT("a","b")'


@pytest.mark.parametrize(
    ("change", "said"),
    [(hide, "2  the row is hidden"), (merge, "cells are merged"), (formula, "2 address is a form")],
)
def test_what_a_spreadsheet_hides_is_named_and_not_guessed(
    records: Records, change: Callable[[Any], None], said: str
) -> None:
    assert said in why(records, workbook(change))


def test_a_merged_title_is_no_mistake(records: Records) -> None:
    def title(sheet: Any) -> None:
        sheet.insert_rows(1)
        sheet["A1"] = "某街道隔离人员台账"
        sheet.merge_cells("A1:H1")

    assert records.bring(workbook(title)).counts == {"new": 1}


def test_a_hidden_sheet_is_not_read(records: Records) -> None:
    def hide_first(sheet: Any) -> None:
        other = sheet.parent.create_sheet("其他")
        other.append(["楼栋编码", "楼栋名称"])
        other.append(["nl-9", "9栋"])
        sheet.sheet_state = "hidden"

    assert records.bring(workbook(hide_first)).kind == "buildings"


# ---- hostile ----


def repacked(content: bytes, **parts: bytes) -> bytes:
    """A spreadsheet with some of its parts replaced; `sheet` is the first sheet."""
    names = {"sheet": "xl/worksheets/sheet1.xml", "strings": "xl/sharedStrings.xml"}
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as before,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        replaced = {names[key]: value for key, value in parts.items()}
        for name in before.namelist():
            after.writestr(name, replaced.get(name, before.read(name)))
    return file.getvalue()


SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
END = b"</row></sheetData></worksheet>"
ENTITY = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (ENTITY + SHEET + b"</sheetData></worksheet>", "document type"),
        (SHEET + b'<row r="1"><c r="XFD1"/></row></sheetData></worksheet>', "200 columns"),
        (SHEET + b'<row r="1">' + b"<c/>" * 10**6 + END, "200 columns"),
        (SHEET + b'<row r="99999999999"/></sheetData></worksheet>', "not in order"),
        (SHEET + b'<row r="5"/><row r="2"/></sheetData></worksheet>', "not in order"),
        (SHEET + b'<row r="2"><c r="A9999999"/>' + END, "nowhere"),
        (SHEET + b'<row r="1">', "cannot be read"),
        (b"<worksheet", "cannot be read"),
    ],
)
def test_a_hostile_sheet_is_refused_before_it_is_read(
    records: Records, part: bytes, said: str
) -> None:
    assert said in why(records, repacked(workbook(), sheet=part))


def test_what_grows_too_large_when_unpacked_is_refused(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as package:
        for n in range(6):
            with package.open(f"{n}.bin", "w", force_zip64=True) as part:
                for _ in range(200):
                    part.write(bytes(2**20))
    assert bomb.stat().st_size < 2 * 2**20
    with pytest.raises(SheetError, match="too large"), open_sheet(bomb):
        pass


def test_an_old_or_locked_workbook_is_said_to_be_one(records: Records) -> None:
    assert ".xls" in why(records, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))


# ---- exports ----


@pytest.mark.parametrize("cell", ["=1+1", "+86139", "-1", "@SUM(A1)", "\tx"])
def test_no_exported_cell_is_run_by_a_spreadsheet(cell: str) -> None:
    assert harmless(cell).startswith("'")


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("kind", [Kind.BUILDINGS, Kind.TEAMS, Kind.HOMES, Kind.DEVICES])
def test_an_export_can_be_brought_back_as_it_is(records: Records, kind: Kind, form: Format) -> None:
    records.enter(Kind.DEVICES, device="door-1", house_code=CODE, place="前门", serial="'=1")
    before = records.everything()
    report = records.bring(records.exported(kind, form))
    assert report.counts == {"unchanged": 1}
    assert records.everything() == before
