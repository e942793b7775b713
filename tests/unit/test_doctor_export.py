"""The doctor on InfluxDB: what is wrong with it, what to do, and never worse than a warning."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.config import Config
from gateway.doctor import export
from gateway.doctor.advice import Advice
from gateway.export.preparing import kept
from gateway.health import Level
from tests.fakes.influx_admin import InfluxAdmin
from tests.fakes.registry import config_of

NOW = datetime(2026, 11, 21, 6, 35, tzinfo=UTC)
URL = "http://127.0.0.1:8086"


@pytest.fixture
def influx(config: Config) -> InfluxAdmin:
    """An InfluxDB as `menshen export prepare` leaves it, asked by the token it made."""
    influx = InfluxAdmin(now=NOW, knows_others=False)
    for bucket, keep in kept(config.influx).items():
        influx.buckets[f"menshen_{bucket}"] = int(keep.total_seconds())
    return influx


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return settings(tmp_path)


def settings(folder: Path, **changed: str) -> Config:
    token = folder / "influx-token"
    token.write_text("t")
    token.chmod(0o600)
    wanted = {"url": URL, "token_file": str(token)} | changed
    lines = "\n".join(f'{key} = "{value}"' for key, value in wanted.items())
    return config_of(folder, f"[influx]\n{lines}\n")


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch, config: Config) -> Callable[[InfluxAdmin], list[Advice]]:
    """Examine it; whatever is not well says what to do and is no worse than a warning."""

    def examine(influx: InfluxAdmin) -> list[Advice]:
        monkeypatch.setattr(export, "reach", influx.reach)
        found = list(export.examine(config, NOW))
        assert all(each.level is not Level.BAD for each in found)
        assert all(each.remedy for each in found if each.level is Level.WARN)
        return found

    return examine


Look = Callable[[InfluxAdmin], list[Advice]]


def warned(found: list[Advice]) -> str:
    return " | ".join(each.what for each in found if each.level is Level.WARN)


def test_nothing_is_looked_at_where_nothing_is_exported(tmp_path: Path) -> None:
    assert list(export.examine(config_of(tmp_path), NOW)) == []


@pytest.mark.parametrize("version", ["2.7.11", "1.8.10"])
def test_what_prepare_makes_has_nothing_to_mend(
    look: Look, influx: InfluxAdmin, version: str
) -> None:
    influx.version = version
    found = look(influx)
    assert warned(found) == ""
    said = " | ".join(each.what for each in found)
    for wanted in (f"version {version}", "menshen_homes keeps 88 days", "and no more"):
        assert wanted in said, wanted


def test_looking_writes_no_point(look: Look, influx: InfluxAdmin) -> None:
    look(influx)
    assert influx.lines == []
    assert influx.tokens == []


def test_an_influxdb_that_does_not_answer_is_said(look: Look, influx: InfluxAdmin) -> None:
    influx.is_down = True
    [advice] = look(influx)
    assert advice.what.startswith("outage: ConnectError")
    assert "influx.url" in advice.remedy


@pytest.mark.parametrize("version", ["2.7.11", "1.8.10"])
def test_a_bucket_that_is_missing_is_said_with_what_makes_it(
    look: Look, influx: InfluxAdmin, version: str
) -> None:
    influx.version = version
    del influx.buckets["menshen_counts"]
    found = look(influx)
    assert "menshen_counts" in warned(found)
    assert any("menshen export prepare" in each.remedy for each in found)


@pytest.mark.parametrize("version", ["2.7.11", "1.8.10"])
@pytest.mark.parametrize(
    ("days", "said"),
    [(0, "for ever"), (365, "365 days, where 88 days were set"), (30, "30 days alone")],
)
def test_a_bucket_that_does_not_forget_in_time_is_said(
    look: Look, influx: InfluxAdmin, version: str, days: int, said: str
) -> None:
    influx.version = version
    influx.buckets["menshen_homes"] = days * 86_400
    assert said in warned(look(influx))


@pytest.mark.parametrize("version", ["2.7.11", "1.8.10"])
def test_a_token_that_may_everything_is_said(look: Look, influx: InfluxAdmin, version: str) -> None:
    influx.version, influx.knows_others = version, True
    influx._make_token({"permissions": []})
    assert "may do more than" in warned(look(influx))


@pytest.mark.parametrize("path", ["/api/v2/write", "/query"])
def test_a_token_that_may_too_little_is_said(look: Look, influx: InfluxAdmin, path: str) -> None:
    influx.refuses[path] = 401
    found = look(influx)
    assert "unauthorized" in warned(found)
    assert any("influx.token_file" in each.remedy for each in found)


@pytest.mark.parametrize(
    ("version", "said"), [("1.6.7", "too old"), ("3.10.1", "deletes no points")]
)
def test_a_version_that_does_not_fit_is_said(
    look: Look, influx: InfluxAdmin, version: str, said: str
) -> None:
    influx.version = version
    assert said in warned(look(influx))


def test_a_clock_that_is_off_is_said(look: Look, influx: InfluxAdmin) -> None:
    influx.now = NOW - timedelta(minutes=10)
    assert "its clock is 600 s off ours" in warned(look(influx))
    influx.now = NOW + timedelta(seconds=59)
    assert "clock" not in warned(look(influx))


def test_an_address_without_tls_off_this_machine_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, influx: InfluxAdmin
) -> None:
    monkeypatch.setattr(export, "reach", influx.reach)
    found = list(export.examine(settings(tmp_path, url="http://10.0.0.7:8086"), NOW))
    assert "without TLS" in warned(found)


def test_a_token_that_others_may_read_and_one_that_is_missing_are_said(
    tmp_path: Path, config: Config, influx: InfluxAdmin, look: Look
) -> None:
    token = tmp_path / "influx-token"
    token.chmod(0o644)
    assert "is readable by other users" in warned(look(influx))
    token.unlink()
    found = list(export.examine(config, NOW))
    assert "influx-token" in warned(found)
    assert all(each.level is not Level.BAD for each in found)
