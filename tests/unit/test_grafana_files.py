"""What stands in `grafana/` is what the generator makes, and Grafana's own rules are kept."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.export.schema import Bucket
from gateway.grafana import files
from gateway.grafana.alerting import RULES
from gateway.grafana.yaml import dump

HERE = Path("grafana")
MADE = files.files()
_LEAVES = st.none() | st.booleans() | st.integers() | st.text()
_NAMES = st.sampled_from(["apiVersion", "groups", "uid", "for"])
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=8,
)


def read(name: str) -> Any:
    return yaml.safe_load(MADE[name])


def test_the_files_are_not_stale() -> None:
    """Otherwise: menshen grafana write grafana."""
    stale = [
        name
        for name, content in MADE.items()
        if not (HERE / name).is_file() or (HERE / name).read_text("utf-8") != content
    ]
    assert not stale


def test_nothing_else_stands_there() -> None:
    there = {str(path.relative_to(HERE)) for path in HERE.rglob("*.*") if path.is_file()}
    assert there - {"README.md"} == set(MADE)


def test_writing_twice_writes_nothing_the_second_time(tmp_path: Path) -> None:
    assert len(files.write(tmp_path)) == len(MADE)
    assert files.write(tmp_path) == []


def test_what_somebody_edited_is_written_over(tmp_path: Path) -> None:
    files.write(tmp_path)
    edited = tmp_path / "dashboards/zh/home.json"
    edited.write_text("{}")
    assert files.write(tmp_path) == [edited]
    assert json.loads(edited.read_text("utf-8"))["uid"] == "menshen-home-zh"


def test_no_secret_and_no_address_stands_in_a_data_source() -> None:
    for source in read("provisioning/datasources/menshen.yaml")["datasources"]:
        assert source["url"] == "$MENSHEN_INFLUX_URL"
        assert source["jsonData"]["dbName"].startswith("${MENSHEN_INFLUX_BUCKET}_")
        assert source["secureJsonData"] == {
            "httpHeaderValue1": "Token $__file{/etc/grafana/menshen/influx-token}"
        }


def test_each_bucket_has_its_data_source() -> None:
    sources = read("provisioning/datasources/menshen.yaml")["datasources"]
    assert {each["uid"] for each in sources} == {f"menshen-{bucket}" for bucket in Bucket}


def test_the_token_may_lie_elsewhere() -> None:
    made = files.files(token_at="/run/secrets/influx")["provisioning/datasources/menshen.yaml"]
    assert "Token $__file{/run/secrets/influx}" in made


def test_another_zone_changes_where_days_begin() -> None:
    board = json.loads(files.files(timezone="Asia/Urumqi")["dashboards/en/team.json"])
    assert board["timezone"] == "Asia/Urumqi"
    (zone,) = [each for each in board["templating"]["list"] if each["name"] == "timezone"]
    assert zone["query"] == "Asia/Urumqi"


def test_rules_are_unique_and_speak_both_languages() -> None:
    (group,) = read("provisioning/alerting/menshen.yaml")["groups"]
    uids = [rule["uid"] for rule in group["rules"]]
    assert len(set(uids)) == len(uids) == len(RULES)
    for rule in group["rules"]:
        said = rule["annotations"]
        assert re.search(r"[\u4e00-\u9fff]", said["summary_zh"] + said["description_zh"])
        assert not re.search(r"[\u4e00-\u9fff]", said["summary_en"] + said["description_en"])


def test_a_gateway_that_writes_nothing_is_an_alert_and_only_one() -> None:
    (group,) = read("provisioning/alerting/menshen.yaml")["groups"]
    silent = [rule["uid"] for rule in group["rules"] if rule["noDataState"] == "Alerting"]
    assert silent == ["menshen-silent"]


def test_nothing_in_a_rule_is_taken_for_a_variable_of_the_environment() -> None:
    """Grafana fills in `$NAME` in texts of rules; queries alone are left as they are."""
    (group,) = read("provisioning/alerting/menshen.yaml")["groups"]
    for rule in group["rules"]:
        assert "$" not in json.dumps([rule["annotations"], rule["labels"], rule["title"]])


@settings(max_examples=60)
@given(st.dictionaries(_NAMES, _TREES, max_size=3))
def test_what_is_dumped_reads_as_it_was(value: dict[str, Any]) -> None:
    text = dump(value, "made")
    assert (yaml.safe_load(text) or {}) == value
