"""`menshen export`: what it prints, what it asks, and by which status it ends."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import export_local
from gateway.cli.app import app
from gateway.cli.local import Local, RefusedError
from gateway.db import Database
from gateway.export.verdict import InfluxError, NotSupportedError, Verdict
from gateway.export.verify import Compared
from tests.fakes.influx_admin import InfluxAdmin
from tests.fakes.registry import config_of

DAY = date(2026, 11, 20)
SAME = Compared(DAY, "observation", 30, 30, 0)
LACKS = Compared(DAY + timedelta(days=1), "observation", 30, 28, 0)
MORE = Compared(DAY, "incident", 1, 2, 0)
WAITING = Compared(DAY + timedelta(days=2), "observation", 5, 5, 9)
STANDS: dict[str, Any] = {
    "is_configured": True,
    "state": "outage",
    "since": "2026-11-21T06:00:00+00:00",
    "server_version": "2.7.11",
    "cursor_seq": 1204,
    "journal_seq": 5000,
    "rows_waiting": 3,
    "samples_waiting": 2,
    "behind_s": 2400.0,
    "last_written_at": None,
    "points_written": 77,
    "points_refused": 0,
    "points_too_old": 0,
    "lines_refused": 0,
    "erasures_unproven": 0,
    "records_removed": 0,
    "matters": [{"what": "InfluxDB does not take anything", "do": "see whether it runs"}],
}


class Gateway:
    """Stands for the local API."""

    def __init__(self) -> None:
        self.stands = STANDS
        self.asked: list[tuple[Any, ...]] = []
        self.refuses = ""

    def get(self, *path: str) -> Any:
        return self._answer(path, self.stands)

    def every(self, *path: str) -> Any:
        line = {"at": "2026-11-21T06:00:00+00:00", "bucket": "homes", "measurement": "state"}
        return self._answer(path, [line | {"why": "field type conflict"}])

    def post(self, *path: str, **body: Any) -> str:
        return str(self._answer((*path, body), "3796 records and 3 rows are sent again"))

    def make(self, *path: str, **body: Any) -> Any:
        home = {"key": "9f2c", "house_code": "440307006031203", "watch": "w1"}
        return self._answer((*path, body), {"homes": [home]})

    def exchange(self, method: str, path: tuple[str, ...], **asked: Any) -> Any:
        answer: Any = self._answer((method, *path), {"text": "4 lines were taken"})

        class Said:
            def json(self) -> Any:
                return answer

        return Said()

    def _answer(self, asked: tuple[Any, ...], answer: Any) -> Any:
        self.asked.append(asked)
        if self.refuses:
            raise RefusedError(self.refuses)
        return answer


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    gateway = Gateway()
    monkeypatch.setattr(Local, "of", classmethod(lambda _cls, _config: gateway))
    return gateway


def export(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["export", *arguments])


# ---- status ----


def test_status_says_how_far_it_is_and_what_to_do(gateway: Gateway) -> None:
    shown = export("status")
    assert shown.exit_code == 0
    said = " ".join(shown.stdout.split())
    for wanted in ("cursor seq 1,204", "journal seq 5,000", "behind s 2,400", "state outage"):
        assert wanted in said, wanted
    assert "InfluxDB does not take anything → see whether it runs" in said
    assert json.loads(export("status", "--json").stdout) == STANDS


def test_status_of_a_gateway_that_exports_nothing_is_one_line(gateway: Gateway) -> None:
    gateway.stands = STANDS | {"is_configured": False, "matters": []}
    assert export("status").stdout == "nothing is exported: influx.url is not set\n"


def test_a_gateway_that_does_not_run_is_said(gateway: Gateway) -> None:
    gateway.refuses = "no gateway answers; start it with `menshen run`"
    for command in (("status",), ("rewind", "--to", "5"), ("refused",), ("homes", "--why", "why")):
        refused = export(*command)
        assert (refused.exit_code, refused.stderr) == (1, f"menshen: {gateway.refuses}\n")


# ---- rewind, refused, homes ----


def test_a_rewind_is_asked_by_record_or_by_time(gateway: Gateway) -> None:
    assert "sent again" in export("rewind", "--to", "1204").stdout
    assert gateway.asked == [("export", "rewind", {"from_seq": 1204})]
    assert export("rewind", "--since", "2026-11-20T00:00+00:00").exit_code == 0
    assert gateway.asked[1][2] == {"since_at": "2026-11-20T00:00:00+00:00"}


@pytest.mark.parametrize("words", [(), ("--to", "5", "--since", "1d"), ("--since", "yesterday")])
def test_a_rewind_that_is_not_one_asks_nobody(gateway: Gateway, words: tuple[str, ...]) -> None:
    assert export("rewind", *words).exit_code == 2
    assert gateway.asked == []


def test_refused_lines_are_listed_or_offered_again(gateway: Gateway) -> None:
    assert "field type conflict" in export("refused").stdout
    assert export("refused", "--retry").stdout == "4 lines were taken\n"
    assert gateway.asked[1] == ("POST", "export", "retry")


def test_homes_are_named_with_the_reason_that_is_audited(gateway: Gateway) -> None:
    assert "440307006031203" in export("homes", "--why", "督导核对").stdout
    assert gateway.asked == [("export", "homes", {"why": "督导核对"})]
    assert export("homes").exit_code == 2


# ---- verify ----


@pytest.fixture
def verify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Compare with an InfluxDB in which the days are as given, or which cannot be asked."""
    config = config_of(tmp_path, '[influx]\nurl = "http://127.0.0.1:1"\n')
    database = Database(config.database_file)
    database.migrate()
    database.close()

    def run(found: list[Compared] | Exception, *arguments: str) -> Result:
        def compare(*_: object) -> Iterator[Compared]:
            if isinstance(found, Exception):
                raise found
            yield from found

        monkeypatch.setattr(export_local, "compare", compare)
        return export("verify", "--config", str(tmp_path / "menshen.toml"), *arguments)

    return run


def test_days_that_agree_end_it_with_status_0(verify: Callable[..., Result]) -> None:
    done = verify([SAME, SAME._replace(measurement="incident")])
    assert (done.exit_code, done.stdout) == (0, "the same on all 1 days\n")
    assert "30" in verify([SAME], "--all").stdout


def test_a_day_that_differs_is_named_with_the_rewind_that_mends_it(
    verify: Callable[..., Result],
) -> None:
    done = verify([SAME, LACKS, WAITING])
    assert done.exit_code == 1
    assert "2026-11-21  observation  30    28" in done.stdout
    assert "InfluxDB lacks some" in done.stdout
    assert "menshen export rewind --since 2026-11-21T00:00+00:00" in done.stdout
    assert "2026-11-20" not in done.stdout
    assert "docs/export.md" in verify([MORE]).stdout


def test_a_day_in_back_fill_is_named_and_is_no_difference(verify: Callable[..., Result]) -> None:
    done = verify([SAME, WAITING])
    assert done.exit_code == 0
    assert "not all exported yet" in done.stdout
    assert "rewind" not in done.stdout


def test_what_differs_is_told_to_programs(verify: Callable[..., Result]) -> None:
    done = verify([SAME, LACKS], "--json")
    assert done.exit_code == 1
    assert [each["verdict"] for each in json.loads(done.stdout)] == ["same", "lacks"]


def test_an_influxdb_that_cannot_be_asked_is_no_difference(verify: Callable[..., Result]) -> None:
    done = verify(InfluxError(Verdict.OUTAGE, "ConnectError"))
    assert (done.exit_code, done.stderr) == (3, "menshen: InfluxDB: ConnectError (outage)\n")


def test_without_settings_or_database_it_is_said_what_is_missing(tmp_path: Path) -> None:
    config_of(tmp_path)
    file = str(tmp_path / "menshen.toml")
    alone = export("verify", "--config", file)
    assert alone.exit_code == 3
    assert "start the gateway once" in alone.stderr


# ---- prepare ----


@pytest.fixture
def prepare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Prepare this InfluxDB."""
    config_of(tmp_path, '[influx]\nurl = "http://127.0.0.1:1"\n')
    (tmp_path / "admin").write_text("may-all\n")

    def run(influx: InfluxAdmin) -> Result:
        monkeypatch.setattr(export_local, "reach", influx.reach)
        file, admin = str(tmp_path / "menshen.toml"), str(tmp_path / "admin")
        return export("prepare", "--admin-token", admin, "--config", file)

    return run


def test_buckets_and_tokens_are_made_once(tmp_path: Path, prepare: Callable[..., Result]) -> None:
    influx = InfluxAdmin()
    first = prepare(influx)
    assert first.exit_code == 0, first.stderr
    own = tmp_path / "menshen-data" / "influx-token"
    reads = own.with_name("influx-grafana-token")
    written = {path: path.read_text() for path in (own, reads)}
    assert {path.stat().st_mode & 0o777 for path in written} == {0o600}
    assert "may-all" not in first.stdout + "".join(written.values())
    assert not [token for token in written.values() if token.strip() in first.stdout]
    again = prepare(influx)
    assert again.stdout.count("kept ") == 2
    assert {path: path.read_text() for path in written} == written
    assert len(influx.tokens) == 2


def test_a_token_may_no_more_than_it_must(prepare: Callable[..., Result]) -> None:
    influx = InfluxAdmin()
    prepare(influx)
    buckets = set(influx.buckets)
    assert buckets == {"menshen_homes", "menshen_gateway", "menshen_counts"}
    gateway, grafana = influx.tokens
    assert gateway.may == {(action, name) for action in ("read", "write") for name in buckets}
    assert grafana.may == {("read", name) for name in buckets}


def test_buckets_forget_after_the_days_that_are_set(prepare: Callable[..., Result]) -> None:
    influx = InfluxAdmin()
    influx.buckets["menshen_homes"] = 0  # for ever
    prepare(influx)
    days = {name: seconds / 86_400 for name, seconds in influx.buckets.items()}
    assert days == {"menshen_homes": 88, "menshen_gateway": 90, "menshen_counts": 1096}


def test_influxdb_1_has_databases_and_no_tokens(prepare: Callable[..., Result]) -> None:
    influx = InfluxAdmin(version="1.8.10")
    done = prepare(influx)
    assert "InfluxDB 1.8.10: menshen_homes" in done.stdout
    assert "Grant the gateway's user ALL" in done.stdout
    assert set(influx.buckets) == {"menshen_homes", "menshen_gateway", "menshen_counts"}


def test_what_cannot_be_prepared_is_said(
    prepare: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise NotSupportedError("InfluxDB 3 makes databases as they are written to")

    monkeypatch.setattr(export_local, "prepare", refuse)
    done = prepare(InfluxAdmin())
    assert (done.exit_code, done.stderr.split(": ")[0]) == (1, "menshen")
    assert "as they are written to" in done.stderr
