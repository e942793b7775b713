"""Labels: 24 to a page, no script, nothing secret on what sticks to a door."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from devices.provisioning import Label, short_code
from gateway.cli.app import app
from gateway.provisioning.labels import PER_SHEET, code_svg, sheet

SECRET = "0123456789ABCDEFGHJKMNPQRS"


def plain(count: int) -> list[Label]:
    return [Label(f"door-{number:03}") for number in range(count)]


@pytest.mark.parametrize(("count", "sheets"), [(1, 1), (24, 1), (25, 2), (49, 3)])
def test_a_page_holds_twenty_four(count: int, sheets: int) -> None:
    page = sheet(plain(count), "zh")
    assert page.count('<div class="sheet">') == sheets
    assert page.count('<div class="label">') == count
    assert PER_SHEET == 24


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_is_well_formed_and_runs_nothing(language: str) -> None:
    page = sheet([Label("door-1", "door-1~2", SECRET)], language)  # type: ignore[arg-type]
    body = page.removeprefix("<!doctype html>\n").replace('<meta charset="utf-8">', "")
    ET.fromstring(body)
    for word in ("<script", "http:", "https:", "onload", "url("):
        assert word not in page.replace('xmlns="http://www.w3.org/2000/svg"', "")


def test_a_label_shows_id_and_short_code_and_its_secret_with_a_warning() -> None:
    page = unescape(sheet([Label("door-1", "door-1~2", SECRET)], "en"))
    for shown in ("door-1", short_code("door-1"), "door-1~2", SECRET, "destroy after set-up"):
        assert shown in page


def test_what_sticks_to_a_door_holds_no_secret() -> None:
    page = sheet(plain(1), "en")
    assert "destroy" not in page
    assert not re.search(r"[0-9A-Z]{26}", page)


def test_the_largest_label_is_coarse_enough_to_print() -> None:
    """0.4 mm a module is what office printers and phones manage (GS1 General Specifications)."""
    label = Label("x" * 64, f"{'x' * 64}~99", SECRET, "gate.example.internal:8883", "f" * 43)
    box = re.search(r'viewBox="0 0 (\d+) \1"', code_svg(label))
    assert box
    assert 31 / int(box[1]) >= 0.4


def test_labels_for_a_list_need_no_gateway_and_go_over_no_file(tmp_path: Path) -> None:
    (tmp_path / "ids.txt").write_text("door-1\n# a comment\n\n door-2  # the back door\n")
    out = tmp_path / "labels.html"
    words = ["device", "labels", "--from", str(tmp_path / "ids.txt"), "--out", str(out)]
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, done.stdout) == (0, f"2 labels in {out}\n")
    page = out.read_text(encoding="utf-8")
    assert re.findall(r"<b>(.*?)</b>", page) == ["door-1", "door-2"]
    assert CliRunner().invoke(app, words).exit_code == 1
    assert out.read_text(encoding="utf-8") == page


def test_a_list_with_a_wrong_id_leaves_no_file(tmp_path: Path) -> None:
    out = tmp_path / "labels.html"
    done = CliRunner().invoke(app, ["device", "labels", "door-1", "a/b", "--out", str(out)])
    assert done.exit_code == 1
    assert "no device id" in done.stderr
    assert not out.exists()


def test_without_a_gateway_nothing_is_made_and_no_file_stays(tmp_path: Path) -> None:
    config = tmp_path / "menshen.toml"
    CliRunner().invoke(app, ["init", "-c", str(config)])
    config.write_text(config.read_text(encoding="utf-8").replace("# port = 8080", "port = 1"))
    out = tmp_path / "labels.html"
    words = ["device", "add", "door-1", "--out", str(out), "-c", str(config)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 1
    assert "start it with `menshen run`" in done.stderr
    assert not out.exists()
