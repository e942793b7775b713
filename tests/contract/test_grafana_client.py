"""`menshen grafana provision` through the real grafana-client, in the environment that has it.

Against a stand-in for Grafana (tests/fakes/grafana_server.py): it proves the library, the calls and
the command, and not that Grafana likes what it gets.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.fakes.grafana_server import GrafanaServer

APART = Path(".venv-grafana")
"""The environment that has grafana-client (docs/adr/0030)."""
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("client_environment")]


def run(url: str, folder: Path, token: str) -> subprocess.CompletedProcess[str]:
    for name, secret in (("grafana", token), ("influx", "read-only-token")):
        (folder / name).write_text(secret)
    words = ["grafana", "provision", "--url", url, "--influx-url", "http://influxdb:8086"]
    words += ["--bucket", "menshen", "--token-file", str(folder / "grafana")]
    words += ["--influx-token-file", str(folder / "influx")]
    return subprocess.run(
        [APART / "bin" / "python", "-m", "gateway.cli", *words],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )


@pytest.fixture
def client_environment() -> None:
    if (APART / ".ready").exists():
        return
    if os.environ.get("CI"):
        pytest.fail("CI has to make .venv-grafana first")
    pytest.skip("grafana-client is not there: make .venv-grafana/.ready")


def test_the_library_brings_everything_and_nothing_twice(tmp_path: Path) -> None:
    with GrafanaServer() as grafana:
        first = run(grafana.url, tmp_path, grafana.token)
        assert first.returncode == 0, first.stderr
        assert len(grafana.dashboards) == 10
        assert grafana.dashboards["menshen-home-zh"]["meta"]["folderUid"] == "menshen-zh"
        before = grafana.changes
        again = run(grafana.url, tmp_path, grafana.token)
        assert again.returncode == 0, again.stderr
        assert grafana.changes == before + 3  # the tokens of the data sources
        assert "kept     dashboard    menshen-home-zh" in again.stdout


def test_a_wrong_token_is_named_with_what_it_must_be(tmp_path: Path) -> None:
    with GrafanaServer() as grafana:
        refused = run(grafana.url, tmp_path, "wrong")
    assert refused.returncode == 1
    assert "service account" in refused.stderr
    assert "wrong" not in refused.stderr
    assert "Traceback" not in refused.stderr


def test_an_address_without_a_grafana_is_named(tmp_path: Path) -> None:
    with GrafanaServer() as gone:
        url, token = gone.url, gone.token
    refused = run(url, tmp_path, token)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"menshen: Grafana at {url}: it does not answer")
    assert "Traceback" not in refused.stderr
