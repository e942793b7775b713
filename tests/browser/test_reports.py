"""A report in a real browser: on a phone, on a desk and on paper, in both languages."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.reports import page
from gateway.reports.period import Kind
from gateway.web.ports import Language
from tests.fakes.chromium import DESK, PHONE, Chromium
from tests.fakes.reported import DAY, Town, busy_town

A4 = (794, 1123)
"""CSS pixels."""
PICTURES = Path(os.environ.get("MENSHEN_PICTURES", "/nonexistent"))
CASES = [(kind, language) for kind in Kind for language in ("zh", "en")]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    return busy_town(tmp_path_factory.mktemp("town"), 36, days=14)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chromium]:
    with Chromium(tmp_path / "profile") as opened:
        yield opened


@pytest.mark.parametrize(("kind", "language"), CASES)
def test_a_report_fits_a_phone_a_desk_and_paper(
    town: Town, browser: Chromium, tmp_path: Path, kind: Kind, language: Language
) -> None:
    day = DAY if kind is Kind.DAILY else DAY - timedelta(days=6)
    file = tmp_path / "report.html"
    file.write_bytes(page.render(town.report(day, kind), language, "street-3", is_masked=True))
    for size in (PHONE, DESK):
        browser.size(*size)
        browser.open(file.as_uri())
        assert not browser.is_too_wide, size
        if PICTURES.is_dir():
            browser.photograph(PICTURES / f"report-{kind}-{language}-{size[0]}.png")
    browser._call("Emulation.setEmulatedMedia", media="print")
    browser.size(*A4)
    assert not browser.is_too_wide
    printed = browser._call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
    pdf = base64.b64decode(printed["data"])
    assert pdf.startswith(b"%PDF")
    assert 2 <= pdf.count(b"/Type /Page\n") <= 6
    assert browser.says("getComputedStyle(document.querySelector('path.i')).stroke") == (
        "rgb(194, 47, 39)"
    )
