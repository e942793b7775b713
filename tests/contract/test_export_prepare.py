"""What is made in a real InfluxDB is what the doctor wants to see there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.config import Config
from gateway.doctor import export
from gateway.export.preparing import prepare
from gateway.export.reaching import reach
from gateway.export.schema import Bucket
from gateway.export.verdict import Verdict
from gateway.health import Level
from tests.fakes.influx_engine import Engine, influx_engine
from tests.fakes.influx_target import Target, influx_under_test
from tests.fakes.registry import config_of


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with influx_engine() as running:
        yield running


@pytest.fixture
def target(engine: Engine) -> Iterator[Target]:
    with influx_under_test(engine) as target:
        yield target


@pytest.fixture
def config(tmp_path: Path, target: Target) -> Config:
    token = tmp_path / "influx-token"
    token.write_text(target.influx.token)
    token.chmod(0o600)
    settings = {
        "url": target.influx.url,
        "org": target.influx.org,
        "bucket": target.bucket,
        "token_file": str(token),
    }
    lines = "\n".join(f'{key} = "{value}"' for key, value in settings.items())
    return config_of(tmp_path, f"[influx]\n{lines}\n")


@pytest.fixture
def is_influxdb_1(target: Target) -> None:
    """The engine behind speaks for itself, as InfluxDB 1."""
    if not target.influx.is_translated:
        pytest.skip("it is an InfluxDB 2")
    target.influx.version = "1.8.10"


@pytest.mark.usefixtures("is_influxdb_1")
def test_databases_that_were_prepared_have_nothing_to_mend(config: Config, target: Target) -> None:
    influx = reach(config)
    missing = list(export.examine(config, datetime.now(UTC)))
    assert sum("there is no database" in each.what for each in missing) == len(Bucket)
    for _ in range(2):
        done = prepare(influx, config.influx, "street-3", config.data_dir / "influx-token")
    influx.close()
    assert done.databases == tuple(f"{target.bucket}_{bucket}" for bucket in Bucket)
    found = list(export.examine(config, datetime.now(UTC)))
    # This engine asks nobody who they are: whoever comes may all.
    assert [each.what.split()[0:4] for each in found if each.level is not Level.OK] == [
        ["the", "token", "may", "do"]
    ]
    kept = [each.what for each in found if "keeps" in each.what]
    assert [what.rpartition("keeps ")[2] for what in kept] == ["88 days", "90 days", "1096 days"]


def test_the_comment_by_which_the_doctor_tries_writes_nothing(
    config: Config, target: Target
) -> None:
    influx = reach(config)
    influx.prepare({})
    assert influx.write(Bucket.HOMES, [export._COMMENT]).verdict is Verdict.NOT_FOUND
    influx.prepare(dict.fromkeys(Bucket, timedelta(days=2)))
    assert influx.write(Bucket.HOMES, [export._COMMENT]).verdict in (
        Verdict.WRITTEN,
        Verdict.REFUSED,
    )
    influx.close()
    assert target.query("homes", "SHOW MEASUREMENTS") == []
