"""Whatever spans and names there are: time counts once, and a masked report leads to nobody."""

from __future__ import annotations

import itertools
import tempfile
from io import BytesIO
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook  # type: ignore[import-untyped]  # it has no types

from gateway.intervals import clip, covers, length, union
from gateway.reports import page, workbook
from tests.fakes.reported import Town, local

MOMENT = st.integers(0, 60)
SPANS = st.lists(st.tuples(MOMENT, MOMENT), max_size=12)
NAME = st.text(st.sampled_from("张王李欧阳娜伟芳秀"), min_size=2, max_size=4)
PHONE = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
CODE = st.from_regex(r"4403[0-9]{11}", fullmatch=True)


def moments(spans: list[tuple[int, int]]) -> set[int]:
    return {at for from_at, until_at in spans for at in range(from_at, until_at)}


@given(SPANS)
def test_a_union_is_the_same_time_with_nothing_in_it_twice(spans: list[tuple[int, int]]) -> None:
    joined = union(spans)
    assert moments(joined) == moments(spans)
    assert length(spans) == len(moments(spans))
    assert all(a[1] < b[0] for a, b in itertools.pairwise(joined))
    assert all(covers(joined, at) == (at in moments(spans)) for at in range(-1, 62))


@given(st.tuples(MOMENT, MOMENT), st.tuples(MOMENT, MOMENT))
def test_what_is_clipped_lies_in_both(span: tuple[int, int], within: tuple[int, int]) -> None:
    assert moments([clip(span, within)]) == moments([span]) & moments([within])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(CODE, min_size=1, max_size=3, unique=True), NAME, PHONE)
def test_a_masked_report_names_no_house_no_person_and_no_phone(
    codes: list[str], name: str, phone: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        town = Town(Path(folder))
        town.building("b1", "南岭村3栋")
        town.person(f"team-1/{phone}", "worker")
        address = f"南岭村3栋{name}家{codes[0][-4:]}室"
        for n, code in enumerate(codes):
            watch = f"w{n}"
            town.home(watch, code, address=address)
            device = f"{code}-{name}"
            town.device(device, watch, "b1")
            for by in (name, phone, f"team-1/{phone}"):
                town.incident(watch, "14:00", taken="14:05", resolved="14:20", cause=name, by=by)
                town.permit(watch, local("15:00"), local("15:10"), by=by, purpose=name)
                town.silence(watch, local("16:00"), local("16:10"), by=by)
            town.condition("silent", local("17:00"), watch=watch, device=device)
        report = town.report()
        shown = page.render(report, "zh", "street-3", is_masked=True).decode()
        shown += page.render(report, "en", "street-3", is_masked=True).decode()
        book = load_workbook(BytesIO(workbook.render(report, "zh", is_masked=True)))
        shown += "\n".join(
            str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row
        )
        in_full = page.render(report, "zh", "street-3", is_masked=False).decode()
    assert not [secret for secret in (*codes, name, phone, address) if secret in shown]
    assert all(code in in_full for code in codes)
    assert name not in in_full.replace(address, "").replace(f"-{name}", "")
