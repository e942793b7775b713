"""The harness of the benchmarks: tables, percentiles, streets; never how fast anything is."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks.figures import Figure, median, percentile, table
from benchmarks.meter import rss_mb, used
from benchmarks.plan import SMOKE
from benchmarks.street import seal_name, write_homes
from gateway import homes
from tests.fakes.programs import need

FIELDS = {"name", "value", "unit", "beside", "beside_value", "goal", "is_met", "detail", "ratio"}


def figure(value: float = 12_000.0, *, is_met: bool | None = True) -> Figure:
    return Figure("durable path", value, "/s", "bare paho", 24_000.0, ">= 0.6", is_met)


def test_a_figure_is_the_ratio_to_what_was_measured_beside_it() -> None:
    assert figure().ratio == 0.5
    assert Figure("x", 1.0, "s", "nothing", 0.0).ratio == 0.0


def test_the_table_says_which_goals_were_missed() -> None:
    lines = table([figure(), figure(is_met=False), figure(is_met=None)]).splitlines()
    assert lines[2].endswith("met")
    assert lines[3].endswith("MISSED")
    assert lines[4].endswith(">= 0.6")
    assert "12,000 /s" in lines[2]
    assert "0.50" in lines[2]


def test_the_columns_of_the_table_stand_below_each_other() -> None:
    lines = table([figure(), figure(3.14159)]).splitlines()
    assert len({line.index("bare paho") for line in lines[2:]}) == 1


def test_the_99th_percentile_of_a_hundred_is_the_worst_but_one() -> None:
    assert percentile(range(1, 101), 0.99) == 99
    assert percentile(range(1, 101), 0.5) == 50
    assert percentile([7.0], 0.99) == 7.0
    assert median([3, 1, 2]) == 2


def test_every_home_of_the_street_is_watched_and_a_text_names_its_seal(tmp_path: Path) -> None:
    file = tmp_path / "homes.toml"
    write_homes(file, doors=60, seals=3)
    street = homes.load_file(file)
    assert len(street.homes) == len(street.devices) == 63
    assert all(home.order.notice_served_at is not None for home in street.homes)
    assert [home.address for home in street.homes[-3:]] == [seal_name(n) for n in range(3)]


def test_the_meter_counts_what_a_process_writes(tmp_path: Path) -> None:
    before = used(os.getpid())
    (tmp_path / "file").write_bytes(bytes(100_000))
    assert (used(os.getpid()) - before).passed_bytes >= 100_000
    assert rss_mb(os.getpid()) > 1


def test_every_figure_is_measured_and_kept_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    need("mosquitto")
    monkeypatch.setattr(command, "QUICK", SMOKE)
    arguments = ["--quick", "--only", "throughput", "--results", str(tmp_path / "results")]
    assert command.main([*arguments, "--directory", str(tmp_path)]) == 0
    report = json.loads((tmp_path / "results" / "quick-throughput.json").read_text("utf-8"))
    assert {"measured_at", "plan", "machine", "figures", "load_average_after"} <= report.keys()
    assert all(each.keys() == FIELDS for each in report["figures"])
    # So small a run may take less processor time than the system's clock counts.
    counted = [each for each in report["figures"] if not each["name"].startswith("CPU")]
    assert all(each["value"] > 0 and each["beside_value"] > 0 for each in counted)
    assert "durable path, 20 devices" in capsys.readouterr().out
