"""What people and spreadsheets write into a cell is read as meant, or refused with a word."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.registry.cells import Raw, Wrong, read
from gateway.registry.columns import COLUMNS, Kind, kinds_of, known_as

ZONE = ZoneInfo("Asia/Shanghai")
TEN = datetime(2026, 11, 20, 2, tzinfo=UTC)  # 10:00 in Shenzhen


def said(raw: Raw, column: str, kind: Kind = Kind.HOMES) -> object:
    (found,) = (each for each in COLUMNS[kind] if each.key == column)
    return read(raw, found, ZONE)


@pytest.mark.parametrize(
    "raw",
    [
        "2026-11-20 10:00",
        "2026/11/20 10:00:00",
        "2026.11.20 10:00",
        "2026年11月20日 10时00分",
        "20261120 10:00",
        "2026-11-20T10:00+08:00",
        "2026-11-20T02:00:00Z",
        "２０２６－１１－２０ １０：００",
        46346.41666666666,
        "46346.41666666666",
        datetime(2026, 11, 20, 10),  # noqa: DTZ001 - as a spreadsheet has it
    ],
)
def test_a_moment_is_read_however_it_is_written(raw: Raw) -> None:
    assert said(raw, "starts_at") == TEN


@pytest.mark.parametrize("raw", ["2026-12-04", "2026年12月4日", date(2026, 12, 4), 46360])
def test_an_order_that_ends_on_a_day_ends_with_that_day(raw: Raw) -> None:
    assert said(raw, "ends_at") == datetime(2026, 12, 4, 16, tzinfo=UTC)
    assert said(raw, "starts_at") == datetime(2026, 12, 3, 16, tzinfo=UTC)


@pytest.mark.parametrize("raw", ["tomorrow", "2026-13-01", "20/11/2026", "1899-01-01", 7, True])
def test_what_is_no_date_is_refused(raw: Raw) -> None:
    assert isinstance(said(raw, "starts_at"), Wrong)


@pytest.mark.parametrize(
    "raw",
    [
        "13900000001",
        13900000001,
        13900000001.0,
        "139 0000 0001",
        "＋８６ 139-0000-0001",
        "'13900000001",
    ],
)
def test_a_phone_is_read_however_it_is_written(raw: Raw) -> None:
    assert said(raw, "phones") == ("+8613900000001",)


def test_several_phones_stand_in_one_cell_and_a_dash_is_none() -> None:
    assert said("13900000001、-；13900000002", "phones") == ("+8613900000001", "", "+8613900000002")


@pytest.mark.parametrize(
    ("raw", "code"),
    [(440307006031203.0, "440307006031203"), ("４４０３０７００６０３１２０３", "440307006031203")],
)
def test_a_house_code_is_read_from_numbers_and_full_width_figures(raw: Raw, code: str) -> None:
    assert said(raw, "house_code") == code


@pytest.mark.parametrize("raw", [4.403070060312031e18, "4.40307E+14", float("inf"), float("nan")])
def test_a_house_code_that_a_spreadsheet_has_rounded_is_refused(raw: Raw) -> None:
    found = said(raw, "house_code")
    assert isinstance(found, Wrong)
    assert found.instead == "format the column as text"


@pytest.mark.parametrize("raw", ["=A1+1", "#REF!", "#N/A"])
def test_formulas_and_errors_are_refused_in_every_column(raw: str) -> None:
    for column in COLUMNS[Kind.HOMES]:
        assert isinstance(read(raw, column, ZONE), Wrong), column.key


def test_an_empty_cell_says_nothing_and_a_dash_empties() -> None:
    assert said("  ", "short_address") is None
    assert said(None, "short_address") is None
    assert said("-", "short_address") == ""
    assert said("-", "residents") == ()
    assert isinstance(said("-", "address"), Wrong)


def test_a_word_is_known_in_chinese_and_english() -> None:
    assert said("社区", "level", Kind.AREAS) == said("Community", "level", Kind.AREAS)
    assert said("城中村", "category", Kind.BUILDINGS) == "urban_village"
    assert isinstance(said("castle", "category", Kind.BUILDINGS), Wrong)


@pytest.mark.parametrize("heading", ["房屋编码", "house_code", "House Code", "* 房屋编码（必填）"])
def test_a_heading_is_known_however_it_is_written(heading: str) -> None:
    column = known_as(heading, Kind.HOMES)
    assert column is not None
    assert column.key == "house_code"


@pytest.mark.parametrize("kind", Kind)
def test_the_headings_of_an_export_say_what_the_list_is_of(kind: Kind) -> None:
    assert kinds_of([column.chinese for column in COLUMNS[kind]]) == [kind]
    assert kinds_of([column.key for column in COLUMNS[kind]]) == [kind]
