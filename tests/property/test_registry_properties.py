"""Whatever bytes somebody brings as a list, the registry says what is wrong or takes it; and what
it tells of itself it takes back unchanged."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from gateway.registry.columns import COLUMNS, Kind
from gateway.registry.export import Format
from tests.fakes.registry import CODE, Records

SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
TEXT = st.text(min_size=1, max_size=30)
HEADINGS = st.sampled_from(
    [name for all_ in COLUMNS.values() for c in all_ for name in (c.key, c.chinese)]
)
CELLS = st.one_of(
    TEXT,
    st.sampled_from(["-", "=1", "2026-11-20", "13900000001", "nl-3", "team-3", CODE, "'", "1e400"]),
)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Records]:
    folder: Path = tmp_path_factory.mktemp("registry")
    with closing(Records(folder)) as made:
        yield made.with_a_home()


def book() -> bytes:
    made, file = Workbook(), io.BytesIO()
    sheet = made.active
    assert sheet is not None
    sheet.append(["房屋编码", "楼栋编码", "三人组", "地址"])
    sheet.append([CODE, "nl-3", "team-3", "x"])
    made.save(file)
    return file.getvalue()


BOOK = book()


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(content=st.binary(max_size=300), kind=st.sampled_from([None, *Kind]))
def test_any_bytes_are_taken_or_refused(
    records: Records, content: bytes, kind: Kind | None
) -> None:
    report = records.bring(content, kind, dry_run=True)
    assert report.is_good == (report.problems == [])


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(
    st.lists(HEADINGS, min_size=1, max_size=10), st.lists(st.lists(CELLS, max_size=10), max_size=5)
)
def test_any_list_is_taken_or_refused(
    records: Records, heading: list[str], rows: list[list[str]]
) -> None:
    lines = [",".join(each) for each in (heading, *rows)]
    report = records.bring("\n".join(lines).encode("utf-8", "replace"), dry_run=True)
    assert report.is_good == (report.problems == [])


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(at=st.integers(0, len(BOOK) - 1), byte=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_spreadsheet_is_taken_or_refused(
    records: Records, at: int, byte: int, cut: bool
) -> None:
    content = BOOK[:at] if cut else BOOK[:at] + bytes([byte]) + BOOK[at + 1 :]
    report = records.bring(content, dry_run=True)
    assert report.is_good == (report.problems == [])


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(
    part=st.binary(max_size=200), name=st.sampled_from(zipfile.ZipFile(io.BytesIO(BOOK)).namelist())
)
def test_a_spreadsheet_with_any_part_in_it_is_taken_or_refused(
    records: Records, part: bytes, name: str
) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(BOOK)) as before, zipfile.ZipFile(file, "w") as after:
        for each in before.namelist():
            after.writestr(each, part if each == name else before.read(each))
    report = records.bring(file.getvalue(), dry_run=True)
    assert report.is_good == (report.problems == [])


@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(
    address=TEXT,
    people=st.lists(st.tuples(TEXT, st.sampled_from(["13900000001", "-"])), max_size=3),
    ends_at=st.datetimes(),
    made=TEXT,
    form=st.sampled_from(Format),
)
def test_what_is_exported_comes_back_unchanged(
    records: Records,
    address: str,
    people: list[tuple[str, str]],
    ends_at: object,
    made: str,
    form: Format,
) -> None:
    records.enter(Kind.DEVICES, device="door-1", house_code=CODE, make=made, place=made[:5])
    records.enter(Kind.HOMES, house_code=CODE, address=address)
    records.enter(Kind.HOMES, house_code=CODE, ends_at=str(ends_at))
    names = "、".join(name for name, _ in people) or "-"
    phones = "、".join(phone for _, phone in people) or "-"
    records.enter(Kind.HOMES, house_code=CODE, residents=names, phones=phones)
    before = records.everything()
    for kind in (Kind.HOMES, Kind.DEVICES, Kind.TEAMS, Kind.BUILDINGS):
        report = records.bring(records.exported(kind, form))
        assert report.problems == []
        assert not report.counts["new"]
        assert not report.counts["updated"]
    assert records.everything() == before
