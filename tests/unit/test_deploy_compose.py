"""The containers: pinned, confined, limited, watched, and none in the way of the gateway."""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.stack.create import create
from gateway.stack.layout import (
    DEVICES_PORT,
    GRAFANA_PORT,
    INFLUX_TOKEN,
    INSIDE_PORT,
    WEB_PORT,
    Kind,
    Layout,
)

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
STAY = {name: each for name, each in SERVICES.items() if each["restart"] != "no"}
"""All but those that do one thing and end."""
GIB = 2**30
DROP_INS = ROOT / "deploy" / "systemd" / "system"

every = pytest.mark.parametrize("name", SERVICES)
that_stays = pytest.mark.parametrize("name", STAY)


@every
def test_a_service_has_one_version_and_no_other(name: str) -> None:
    image = SERVICES[name]["image"]
    assert re.fullmatch(r"[a-z/-]+:\d+\.\d+\.\d+(-alpine)?", image)
    if "build" in SERVICES[name]:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        assert image == f"menshen-gateway:{project['project']['version']}"


@every
def test_a_service_may_write_nothing_of_its_own_and_has_no_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["user"].split(":")[0]) > 0
    assert not {"privileged", "cap_add", "devices", "pid", "ipc"} & service.keys()


@every
def test_a_service_takes_no_more_than_its_part(name: str) -> None:
    service = SERVICES[name]
    assert service["mem_limit"] == service["memswap_limit"]
    assert 0 < service["cpus"] <= 2  # Docker refuses more than the machine has
    assert service["pids_limit"] > 0
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}


def test_all_of_it_leaves_a_gigabyte_of_four_to_the_system() -> None:
    assert sum(in_bytes(each["mem_limit"]) for each in STAY.values()) <= 3 * GIB


def in_bytes(written: str) -> int:
    return int(written[:-1]) * {"m": 2**20, "g": GIB}[written[-1]]


def test_where_memory_is_short_the_gateway_goes_last() -> None:
    order = sorted(STAY, key=lambda name: STAY[name]["oom_score_adj"])
    assert order[:2] == ["gateway", "mosquitto"]


@that_stays
def test_a_service_that_stays_is_looked_at_and_started_anew(name: str) -> None:
    check = STAY[name]["healthcheck"]
    assert check["test"][0] in ("CMD", "CMD-SHELL")
    assert {"interval", "timeout", "retries", "start_period"} <= check.keys()
    assert STAY[name]["restart"] == "unless-stopped"


def test_the_gateway_waits_for_its_broker_and_for_nothing_that_draws() -> None:
    def waits_for(name: str) -> set[str]:
        direct = set(SERVICES[name].get("depends_on", {}))
        return direct.union(*map(waits_for, direct))

    assert waits_for("gateway") == {"setup", "mosquitto"}
    assert waits_for("grafana") == {"prepare", "setup", "influxdb"}


def test_only_what_speaks_tls_leaves_the_machine() -> None:
    published = {port for each in SERVICES.values() for port in each.get("ports", ())}
    assert published == {f"{each}:{each}" for each in (DEVICES_PORT, WEB_PORT, GRAFANA_PORT)}
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    plain = [name for name, each in SERVICES.items() if each.get("networks") == ["inside"]]
    assert plain == ["influxdb", "prepare"]
    alone = [name for name, each in SERVICES.items() if each.get("network_mode") == "none"]
    assert alone == ["setup", "backup"]
    inside = (ROOT / "deploy/docker/mosquitto.conf").read_text(encoding="utf-8")
    _, _, listener = inside.partition(f"listener {INSIDE_PORT}\n")
    assert listener.startswith("certfile ")


def test_no_secret_stands_in_an_environment_or_in_a_command() -> None:
    for service in SERVICES.values():
        assert not [
            key for key in service.get("environment", {}) if re.search("PASS|TOKEN|SECRET|KEY", key)
        ]
        assert not re.search("(?i)password|token=", str(service.get("command", "")))


def test_it_comes_up_without_a_single_variable_set() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    used = re.findall(r"(?<!\$)\$\{([^}]*)\}", text)
    assert {each.partition(":-")[0] for each in used} == {
        "MENSHEN_HOST",
        "MENSHEN_ALSO",
        "MENSHEN_BACKUP",
        "MENSHEN_KEYS_BACKUP",
    }
    assert all(":-" in each for each in used)


@every
def test_what_is_mounted_is_there(name: str) -> None:
    for written in SERVICES[name].get("volumes", ()):
        source = re.sub(r"\$\{\w+:-(.*?)\}", r"\1", written).split(":")[0]
        if source.startswith("."):
            assert (ROOT / source).exists(), source
            assert written.endswith(":ro")
        else:
            assert source in COMPOSE["volumes"]


def test_only_the_gateways_own_programs_see_its_directory() -> None:
    def who_mounts(volume: str, how: str = "") -> set[str]:
        return {
            name
            for name, each in SERVICES.items()
            if any(
                written.startswith(f"{volume}:") and written.endswith(how)
                for written in each.get("volumes", ())
            )
        }

    assert who_mounts("menshen") == {"setup", "prepare", "gateway", "backup"}
    assert who_mounts("broker", ":ro,nocopy") == {"mosquitto"}
    assert who_mounts("grafana-secrets", ":ro,nocopy") == {"grafana"}


def test_what_setup_writes_is_where_others_look_for_it(tmp_path: Path) -> None:
    folders = {each: tmp_path / each for each in ("menshen", "broker", "grafana")}
    layout = Layout(*folders.values(), ("gate.local",), Kind.DOCKER)
    create(layout, datetime.now(UTC))
    text = "".join(
        (ROOT / each).read_text(encoding="utf-8")
        for each in (
            "docker-compose.yml",
            "deploy/grafana/grafana.ini",
            "deploy/docker/mosquitto.conf",
            "deploy/mosquitto/accounts.conf",
        )
    )
    for mounted, folder in {
        "/etc/mosquitto/menshen": folders["broker"],
        "/etc/grafana/menshen": folders["grafana"],
        "/var/lib/menshen/menshen-data": folders["menshen"] / "menshen-data",
    }.items():
        named = set(re.findall(rf"{mounted}/([\w./-]+\w)", text))
        assert named
        assert not [name for name in named if not (folder / name).exists()]


def test_the_modem_is_added_without_a_device_that_must_be_there() -> None:
    added = yaml.safe_load((ROOT / "deploy/docker/modem.yml").read_text(encoding="utf-8"))
    assert set(added["services"]) == {"gateway"}
    gateway = added["services"]["gateway"]
    assert "devices" not in gateway
    assert [rule.split()[:3:2] for rule in gateway["device_cgroup_rules"]] == [["c", "rw"]] * 2


# ---- Grafana ----


def grafana() -> configparser.ConfigParser:
    found = configparser.ConfigParser(interpolation=None)
    found.read(ROOT / "deploy/grafana/grafana.ini", encoding="utf-8")
    return found


@pytest.mark.parametrize(
    ("section", "key", "wanted"),
    [
        ("server", "protocol", "https"),
        ("auth.anonymous", "enabled", "false"),
        ("users", "allow_sign_up", "false"),
        ("analytics", "reporting_enabled", "false"),
        ("analytics", "check_for_updates", "false"),
        ("analytics", "check_for_plugin_updates", "false"),
        ("plugins", "preinstall_disabled", "true"),
        ("news", "news_feed_enabled", "false"),
        ("snapshots", "external_enabled", "false"),
    ],
)
def test_grafana_asks_who_it_is_and_tells_nobody_outside(
    section: str, key: str, wanted: str
) -> None:
    assert grafana()[section][key] == wanted


def test_grafana_reads_its_secrets_from_files() -> None:
    security = grafana()["security"]
    for key in ("admin_password", "secret_key"):
        assert re.fullmatch(r"\$__file\{/etc/grafana/menshen/[a-z-]+\}", security[key])


def environment_of(unit: str) -> set[str]:
    text = (DROP_INS / f"{unit}.service.d/menshen.conf").read_text(encoding="utf-8")
    return set(re.findall(r"^Environment=(\w+)=", text, re.MULTILINE))


def test_grafana_is_given_the_same_with_docker_and_without() -> None:
    assert environment_of("grafana-server") == set(SERVICES["grafana"]["environment"])


def filled_in(found: Any) -> Iterator[str]:
    """Yield the texts in which Grafana fills in its environment: all but the queries of rules."""
    if isinstance(found, dict):
        for key, inner in found.items():
            if key != "model":
                yield from filled_in(inner)
    elif isinstance(found, list):
        for inner in found:
            yield from filled_in(inner)
    elif isinstance(found, str):
        yield found


def test_what_grafana_is_provisioned_with_names_only_what_it_is_given() -> None:
    given = environment_of("grafana-server")
    pages = sorted((ROOT / "grafana" / "provisioning").rglob("*.yaml"))
    assert pages
    for page in pages:
        for text in filled_in(yaml.safe_load(page.read_text(encoding="utf-8"))):
            files = set(re.findall(r"\$__file\{([^}]*)\}", text))
            assert files <= {f"/etc/grafana/menshen/{INFLUX_TOKEN}"}, page
            names = re.findall(r"(?<!\$)\$\{?(?!__file)([A-Za-z_]\w*)", text)
            assert set(names) <= given, (page, text)


def test_dashboards_are_looked_for_where_they_are_mounted() -> None:
    provider = ROOT / "grafana/provisioning/dashboards/menshen.yaml"
    wanted = {
        each["options"]["path"]
        for each in yaml.safe_load(provider.read_text(encoding="utf-8"))["providers"]
    }
    mounted = dict(written.split(":")[:2] for written in SERVICES["grafana"]["volumes"])
    folder = ROOT / "grafana" / "dashboards"
    assert mounted["./grafana/dashboards"] == "/etc/grafana/dashboards"
    assert wanted == {f"/etc/grafana/dashboards/{each.name}" for each in folder.iterdir()}


# ---- InfluxDB ----

KNOWN_TO_INFLUXD = [
    "reporting-disabled",
    "ui-disabled",
    "pprof-disabled",
    "metrics-disabled",
    "hardening-enabled",
    "no-tasks",
    "log-level",
    "query-concurrency",
    "query-queue-size",
    "http-read-timeout",
    "storage-cache-max-memory-size",
    "storage-cache-snapshot-memory-size",
    "storage-cache-snapshot-write-cold-duration",
    "storage-wal-fsync-delay",
    "storage-max-concurrent-compactions",
    "storage-compact-throughput-burst",
    "storage-series-id-set-cache-size",
]
"""As InfluxDB 2's own reference lists them: a name it does not know is passed over in silence."""


def test_influxdb_is_told_nothing_that_it_does_not_know() -> None:
    text = (ROOT / "deploy/influxdb/config.toml").read_text(encoding="utf-8")
    assert sorted(tomllib.loads(text)) == sorted(KNOWN_TO_INFLUXD)


def test_influxdb_writes_into_its_volume_and_nowhere_else() -> None:
    service = SERVICES["influxdb"]
    paths = [value for key, value in service["environment"].items() if key.endswith("_PATH")]
    mounted = [written.split(":")[1] for written in service["volumes"]]
    assert len(paths) == 4
    assert all(any(path.startswith(each) for each in mounted) for path in paths)


def test_influxdbs_memory_fits_its_limit() -> None:
    told = tomllib.loads((ROOT / "deploy/influxdb/config.toml").read_text(encoding="utf-8"))
    limit = in_bytes(SERVICES["influxdb"]["mem_limit"])
    assert told["storage-cache-max-memory-size"] <= limit / 4
    assert SERVICES["influxdb"]["environment"]["GOMEMLIMIT"] == "800MiB"
