"""A whole installation's secrets: made once, for whom they are meant, and never over any."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from typer.testing import CliRunner

from gateway import tls
from gateway.cli.app import app
from gateway.config import load
from gateway.db import is_current
from gateway.doctor import access
from gateway.export.influx import InfluxError
from gateway.export.reaching import reach
from gateway.init import example_config
from gateway.provisioning.authority import SERVER_FOR, names_in
from gateway.settings import SettingsError
from gateway.stack.create import INFLUX_ADMIN_TOKEN, create
from gateway.stack.layout import BELL, INFLUX_TOKEN, Kind, Layout
from gateway.stack.onboarding import PATIENCE_S, Onboarded, onboard, prepare
from tests.fakes.accounts import Access, StoppedClock, replace_table
from tests.fakes.influx_setup import FreshInflux

NOW = datetime.now(UTC)


def layout_in(home: Path, kind: Kind = Kind.PLAIN) -> Layout:
    names = ("gate.local", "192.168.1.5")
    return Layout(home / "menshen", home / "broker", home / "grafana", names, kind)


def everything(home: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}


def test_a_second_run_changes_not_a_byte(tmp_path: Path) -> None:
    layout = layout_in(tmp_path)
    assert all(each.is_new for each in create(layout, NOW))
    before = everything(tmp_path)
    assert not any(each.is_new for each in create(layout, NOW + timedelta(days=300)))
    assert everything(tmp_path) == before


@pytest.mark.parametrize("kind", Kind)
def test_the_configuration_it_writes_can_be_used(tmp_path: Path, kind: Kind) -> None:
    layout = layout_in(tmp_path, kind)
    create(layout, NOW)
    config = load(layout.config_file)
    assert is_current(config.database_file)
    assert config.broker.address == "gate.local:8883"
    assert (config.web.tls, config.web.login) == (True, True)
    assert config.gateway.homes_file == ""
    inside = (config.mqtt.host, config.influx.url)
    assert (
        inside
        == {
            Kind.PLAIN: ("127.0.0.1", "http://127.0.0.1:8086"),
            Kind.DOCKER: ("mosquitto", "http://influxdb:8086"),
        }[kind]
    )
    if kind is Kind.DOCKER:
        assert config.path(config.mqtt.ca_file).exists()
        assert "mosquitto" in tls.look(config.tls_dir).names


def test_secrets_are_read_by_whom_they_are_meant_for_alone(tmp_path: Path) -> None:
    layout = layout_in(tmp_path)
    create(layout, NOW)
    shared = (layout.broker, layout.grafana)
    for path in everything(tmp_path):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o640 if path.parent in shared else 0o600), path
    private = tmp_path / "menshen/menshen-data"
    given_away = [path.read_bytes() for folder in shared for path in folder.iterdir()]
    for name in ("token", "broker-password", INFLUX_ADMIN_TOKEN, "tls/ca.key"):
        secret = (private / name).read_bytes().strip()
        assert not any(secret in content for content in given_away), name


def test_no_two_installations_share_a_secret(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for home in (one, other):
        create(layout_in(home), NOW)
    found = {path.relative_to(other): content for path, content in everything(other).items()}
    same = {
        path.name
        for path, content in everything(one).items()
        if found.get(path.relative_to(one)) == content
    }
    assert same == {"acl", "menshen.db.lock"}


@pytest.mark.parametrize(
    "lost",
    [
        "menshen/menshen-data/tls/web.pem",
        "menshen/menshen-data/broker-password",
        "grafana/server.pem",
        "grafana/secret-key",
        "broker/acl",
        "broker/broker.pem",
        f"broker/{BELL}",
    ],
)
def test_a_run_that_was_cut_short_is_gone_on_with(tmp_path: Path, lost: str) -> None:
    layout = layout_in(tmp_path)
    create(layout, NOW)
    (tmp_path / lost).unlink()
    create(layout, NOW)
    assert (tmp_path / lost).stat().st_size > 0
    assert not next(access.examine(load(layout.config_file), NOW)).remedy


def test_a_setting_that_there_is_none_of_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"web\.colour"):
        example_config({"web.colour": '"red"'})


# ---- certificates of other servers ----


def test_grafanas_certificate_is_of_our_authority_and_renewed_before_it_ends(
    tmp_path: Path,
) -> None:
    layout = layout_in(tmp_path)
    create(layout, NOW)
    config, path = load(layout.config_file), layout.grafana / tls.OTHER
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    authority = x509.load_pem_x509_certificate((layout.grafana / "ca.crt").read_bytes())
    certificate.verify_directly_issued_by(authority)
    assert names_in(certificate) == list(layout.names)
    assert tls.keep_others(config, NOW) == []
    soon = NOW + SERVER_FOR - timedelta(days=29)
    assert [each.what.split()[0] for each in access.examine(config, soon)][1] == str(path)
    assert tls.keep_others(config, soon) == [path]
    assert tls.keep_others(config, soon) == []


def test_other_names_of_this_machine_reach_grafanas_certificate(tmp_path: Path) -> None:
    layout = layout_in(tmp_path)
    create(layout, NOW)
    config = load(layout.config_file)
    tls.renew(config.tls_dir, NOW, ["gate.local"])
    assert tls.keep_others(config, NOW) == [layout.grafana / tls.OTHER]


async def test_a_gateway_that_runs_renews_grafanas_certificate_though_the_broker_is_gone(
    tmp_path: Path,
) -> None:
    layout = layout_in(tmp_path)
    create(layout, NOW)
    path, clock = layout.grafana / tls.OTHER, StoppedClock(NOW)
    before = path.read_bytes()
    async with Access(tmp_path / "other", clock=clock) as service:
        service.config = replace_table(load(layout.config_file), "mqtt", port=1)
        await service._tick()
        assert path.read_bytes() == before
        clock.passes(days=SERVER_FOR.days - 20)
        clock.is_right = False
        await service._tick()
        assert path.read_bytes() == before
        clock.is_right = True
        await service._tick()
        assert path.read_bytes() != before


# ---- InfluxDB ----


def test_a_fresh_influxdb_becomes_ours_with_tokens_for_our_buckets_alone(tmp_path: Path) -> None:
    layout = layout_in(tmp_path)
    create(layout, NOW)
    with FreshInflux() as influx:
        config = replace_table(load(layout.config_file), "influx", url=influx.url)
        onboarded, prepared = prepare(config, layout.grafana)
        assert onboarded is Onboarded.NOW
        ours = {"menshen_homes", "menshen_gateway", "menshen_counts"}
        assert set(influx.buckets) == set(prepared.databases) == ours
        assert influx.buckets["menshen_homes"] == config.influx.keep_days * 86400
        own = config.path(config.influx.token_file).read_text().strip()
        grafanas = (layout.grafana / INFLUX_TOKEN).read_text().strip()
        assert influx.tokens[own] == {(may, each) for may in ("read", "write") for each in ours}
        assert influx.tokens[grafanas] == {("read", each) for each in ours}
        assert stat.S_IMODE((layout.grafana / INFLUX_TOKEN).stat().st_mode) == 0o640
        assert prepare(config, layout.grafana)[0] is Onboarded.BEFORE
        assert set(influx.tokens) == {own, grafanas}


def test_an_influxdb_that_lost_its_data_gets_new_tokens(tmp_path: Path) -> None:
    layout = layout_in(tmp_path)
    create(layout, NOW)
    with FreshInflux() as influx:
        config = replace_table(load(layout.config_file), "influx", url=influx.url)
        prepare(config, layout.grafana)
        influx.forget()
        prepare(config, layout.grafana)
        grafanas = (layout.grafana / INFLUX_TOKEN).read_text().strip()
        assert grafanas in influx.tokens
        assert config.path(config.influx.token_file).read_text().strip() in influx.tokens


def test_an_influxdb_that_is_somebody_elses_is_named_with_the_remedy(tmp_path: Path) -> None:
    layout = layout_in(tmp_path)
    create(layout, NOW)
    with FreshInflux(is_set_up=True, admin={"token": "theirs", "org": "theirs"}) as influx:
        config = replace_table(load(layout.config_file), "influx", url=influx.url)
        with pytest.raises(InfluxError, match=INFLUX_ADMIN_TOKEN):
            prepare(config, layout.grafana)


def test_an_influxdb_that_starts_is_waited_for_and_not_for_ever(tmp_path: Path) -> None:
    layout = layout_in(tmp_path)
    create(layout, NOW)
    waited_s = [0.0]

    with FreshInflux(is_down=True) as influx:
        config = replace_table(load(layout.config_file), "influx", url=influx.url)
        admin = reach(config, "any")

        def sleep(for_s: float) -> None:
            waited_s[0] += for_s
            influx.is_down = waited_s[0] < 60

        assert onboard(admin, config, lambda: waited_s[0], sleep) is Onboarded.NOW
        assert waited_s[0] == 60
        influx.is_down = True
        with pytest.raises(InfluxError):
            onboard(
                admin,
                config,
                lambda: waited_s[0],
                lambda s: waited_s.__setitem__(0, waited_s[0] + s),
            )
        assert waited_s[0] == 60 + PATIENCE_S
        admin.close()


def test_a_token_made_after_the_gateway_started_is_the_next_requests(tmp_path: Path) -> None:
    """The gateway never waits for InfluxDB, so its token is not there at its first start."""
    layout = layout_in(tmp_path)
    create(layout, NOW)
    with FreshInflux(is_set_up=True, admin={"token": "late", "org": "menshen"}) as influx:
        config = replace_table(load(layout.config_file), "influx", url=influx.url)
        own = reach(config)
        with pytest.raises(InfluxError, match="401"):
            own.call("GET", "/api/v2/orgs", params={"org": "menshen"})
        config.path(config.influx.token_file).write_text("late\n", encoding="ascii")
        assert own.call("GET", "/api/v2/orgs", params={"org": "menshen"}).is_success
        own.close()


# ---- the commands ----


def test_what_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    asked = ["stack", "init", str(tmp_path / "file")]
    asked += ["--broker-dir", str(tmp_path / "b"), "--grafana-dir", str(tmp_path / "g")]
    refused = CliRunner().invoke(app, asked)
    assert refused.exit_code == 1
    assert refused.stderr.startswith("menshen: ")
    assert refused.stderr.count("\n") == 1


def test_a_host_name_that_is_none_is_refused_before_a_certificate_is_made(tmp_path: Path) -> None:
    asked = ["stack", "init", str(tmp_path / "m"), "--name", "gate local_"]
    asked += ["--broker-dir", str(tmp_path / "b"), "--grafana-dir", str(tmp_path / "g")]
    refused = CliRunner().invoke(app, asked)
    assert refused.exit_code == 1
    assert "local_" in refused.stderr
    assert not (tmp_path / "m/menshen-data/tls").exists()
    assert not list((tmp_path / "g").iterdir())
