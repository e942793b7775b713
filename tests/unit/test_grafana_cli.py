"""`menshen grafana`, as somebody types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli.grafana import grafana


@pytest.fixture
def run() -> CliRunner:
    return CliRunner()


def provisioned(run: CliRunner, folder: Path, *words: str) -> Result:
    (folder / "token").write_text("secret")
    token = str(folder / "token")
    fixed = ["provision", "--url", "http://127.0.0.1:1", "--token-file", token]
    return run.invoke(grafana, [*fixed, "--influx-token-file", token, *words])


def test_files_are_named_as_they_are_written(run: CliRunner, tmp_path: Path) -> None:
    first = run.invoke(grafana, ["write", str(tmp_path)])
    assert first.exit_code == 0, first.output
    assert "dashboards/zh/home.json" in first.output.replace("\n", "")
    again = run.invoke(grafana, ["write", str(tmp_path)])
    assert again.output == "all of it was there already\n"


def test_homes_elsewhere_have_their_own_zone(run: CliRunner, tmp_path: Path) -> None:
    run.invoke(grafana, ["write", str(tmp_path), "--timezone", "Asia/Urumqi"])
    board = json.loads((tmp_path / "dashboards/en/home.json").read_text("utf-8"))
    assert board["timezone"] == "Asia/Urumqi"


def test_a_zone_that_does_not_exist_is_refused_before_anything_is_written(
    run: CliRunner, tmp_path: Path
) -> None:
    refused = run.invoke(grafana, ["write", str(tmp_path), "--timezone", "Shenzhen"])
    assert refused.exit_code == 2
    assert "Asia/Shanghai" in refused.output
    assert not list(tmp_path.iterdir())


def test_without_an_influxdb_there_is_nothing_to_show(run: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "menshen.toml").write_text("")
    refused = provisioned(run, tmp_path, "--config", str(tmp_path / "menshen.toml"))
    assert refused.exit_code == 1
    assert "influx.url" in refused.output


def test_a_token_that_cannot_be_read_is_named(run: CliRunner, tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    refused = provisioned(
        run,
        tmp_path,
        "--influx-url",
        "http://influxdb:8086",
        "--bucket",
        "menshen",
        "--token-file",
        gone,
    )
    assert refused.exit_code == 1
    assert gone in refused.output.replace("\n", "")
