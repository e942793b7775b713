"""The reference pages lack nothing that the code has, and have nothing that the code lacks."""

from __future__ import annotations

import ast
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import LargeBinary

from alerts.channels.base import ChannelHealth
from alerts.channels.gsm import shared, transport
from alerts.evidence import WORST_FIRST
from alerts.model import ConditionKind, IncidentState
from alerts.reason import Reason
from alerts.render import LIMIT, units
from alerts.wording import CHINESE, ENGLISH, Say
from devices.model import STATES
from devices.profiles import zigbee2mqtt_state
from devices.profiles.zigbee2mqtt_state import HELP_ACTIONS
from devices.registry import standard
from devices.topic import DEVICE_LEAVES, GATEWAY_LEAVES
from docs.blocks import answers, devices, rules, steps, texts, topics
from docs.generate import ROOT
from gateway import config, health, metrics
from gateway.deciding import Deciding
from gateway.export.progress import ExportStatus
from gateway.health import Facts, Proved, Today
from gateway.homes.look import Standing
from gateway.intake import Intake
from gateway.keeping import Keeping
from gateway.mqtt import Broker, MqttSource
from gateway.release.pump import ReleasePump
from gateway.retention import RECORDS
from gateway.schema.tables import metadata

DOCS = ROOT / "docs"
NOW = datetime(2026, 11, 21, 6, 32, tzinfo=UTC)


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def first_cells(text: str) -> list[str]:
    """The words in backticks in the first cell of each row of each table."""
    rows = re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE)
    return [word for cell in rows for word in re.findall(r"`([^`]+)`", cell)]


# ---- reasons ----


def test_every_reason_is_explained_once() -> None:
    explained = Counter(first_cells(page("reasons.md")))
    assert set(explained) == {reason.value for reason in Reason}
    assert set(explained.values()) == {1}


# ---- rules ----


def test_every_condition_has_its_section() -> None:
    sections = re.findall(r"^### `(\w+)`", page("rules.md"), re.MULTILINE)
    assert set(rules.RULES) == set(ConditionKind) == set(WORST_FIRST)
    assert sections == [kind.value for kind in WORST_FIRST]


def test_every_number_of_the_policy_stands_on_the_page_of_rules() -> None:
    text = page("rules.md")
    keys = [each.key for each in config.settings() if each.key.startswith("policy.")]
    assert keys
    assert not [key for key in keys if f"`{key}" not in text]


def test_every_time_of_telling_has_its_step() -> None:
    assert steps.every_step_names_a_setting()


# ---- texts ----


def test_a_text_is_shown_for_every_condition() -> None:
    assert {example.headline for example in texts.EXAMPLES} == set(ConditionKind)


def test_a_text_is_shown_for_every_cause_that_has_words_of_its_own() -> None:
    shown = {(each.headline, each.because) for each in texts.EXAMPLES}
    assert set(CHINESE.what_because) <= shown
    assert set(ENGLISH.what_because) == set(CHINESE.what_because)


def test_a_text_is_shown_for_every_occasion_that_has_words_of_its_own() -> None:
    shown = {(each.kind, each.reason) for each in texts.SITUATIONS}
    assert set(CHINESE.lead_in_because) <= shown


def test_every_answer_to_a_text_is_shown() -> None:
    by_command = {
        *(Say.REVIEWED, Say.SAME_PERSON, Say.NOT_RESOLVED),
        *(Say.REOPENED, Say.NOT_OVER, Say.ANOTHER_OPEN),
    }
    assert set(answers.BY_TEXT) | by_command == set(Say) == set(answers.ANSWERED)


@pytest.mark.parametrize("name", ["team.md", "team.zh.md"])
def test_every_text_shown_to_the_team_fits_one_segment(name: str) -> None:
    shown = re.findall(r"【门神】[^|\n]+", page(name))
    assert len(shown) > 40
    assert not [text for text in shown if units(text.strip()) > LIMIT]


def test_both_guides_of_the_team_show_the_same_texts() -> None:
    english, chinese = (
        re.findall(r"^\|? *(【门神】[^|\n]+?) *\|", page(name), re.MULTILINE)
        for name in ("team.md", "team.zh.md")
    )
    assert english == chinese
    assert english


# ---- topics and devices ----


def test_every_kind_and_state_is_explained() -> None:
    assert {(kind, state) for kind, states in STATES.items() for state in states} == set(
        topics.MEANING
    )


def test_every_native_topic_is_explained() -> None:
    assert set(topics.LEAVES) == {*DEVICE_LEAVES, *GATEWAY_LEAVES}


def test_every_field_of_zigbee_sensors_that_is_read_is_explained() -> None:
    section = page("topics.md").partition("## Zigbee2MQTT")[2]
    read = zigbee2mqtt_state._READ | HELP_ACTIONS
    assert not [field for field in read if f"`{field}`" not in section]


def test_every_make_is_explained() -> None:
    assert {profile.name for profile in standard().profiles} == set(devices.WHAT)


# ---- privacy ----


def test_every_table_stands_on_the_page_of_privacy() -> None:
    text = page("privacy.md")
    assert not [name for name in metadata.tables if not re.search(rf"`{name}[`.]", text)]


def test_how_long_each_table_is_kept_stands_on_the_page_of_privacy() -> None:
    kept = first_cells(page("privacy.md").partition("## How long")[2])
    assert kept == ["journal", *(each.table.name for each in RECORDS)]


def test_what_is_said_to_be_encrypted_is_what_the_tables_keep_as_bytes() -> None:
    raw = {"journal.payload", "device_states.state", "samples.sample"}
    sealed = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    rows = [row for row in page("privacy.md").splitlines() if "| encrypted, key of" in row]
    assert {word for row in rows for word in re.findall(r"`([a-z_]+\.[a-z_]+)`", row)} == (
        sealed - raw
    )


# ---- health and metrics ----


def test_every_finding_of_health_is_explained_with_its_level() -> None:
    table = page("metrics.md").partition("A channel's reasons")[0]
    explained = set(re.findall(r"^\| `([\w]+)` \| (\w+) \| `(\w+)` \|", table, re.MULTILINE))
    assert _findings_in_code() == explained


def test_every_reason_of_a_modem_is_explained() -> None:
    section = page("metrics.md").partition("A channel's reasons")[2].partition("## `/metrics`")[0]
    explained = set(first_cells(section))
    in_code = _modem_reasons() | {"stream_closed"}
    assert in_code - explained == set()
    assert explained - in_code == set()


def test_every_metric_is_explained_and_none_besides() -> None:
    explained = {word.partition("{")[0] for word in first_cells(page("metrics.md"))}
    explained = {word for word in explained if word.startswith("menshen_")}
    facts_of_a_modem = {"signal_dbm": "-71", "stored": "3/50", "sent_count": "1"}
    facts = Facts(
        now=NOW,
        started_at=NOW,
        broker_connected=True,
        broker_since=NOW,
        journal_seq=1,
        cursor_seq=1,
        disk_free_bytes=1,
        channels={"gsm": ChannelHealth(True, "ready", facts_of_a_modem)},
        proofs={"gsm": Proved(NOW, 4.0)},
        today={"gsm": Today(1, 1, 5.0, {"delivered": 1})},
        held={"quiet_hours": 1},
        pushes={"taken": 1},
        export=ExportStatus(is_configured=True, last_written_at=NOW),
        counts=_all_counts(),
    )
    text = metrics.render(facts, {"quiet": 1}, {"open": 1})
    exposed = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
    assert exposed == explained


def test_states_of_homes_and_parts_are_those_of_the_code() -> None:
    text = page("metrics.md")
    assert not [standing for standing in Standing if f"`{standing.value}`" not in text]
    states = page("supervisor.md").lower()
    assert not [state for state in IncidentState if state.value.replace("_", " ") not in states]


def _all_counts() -> dict[str, int]:
    """What a gateway counts, with one reason standing for all."""
    nothing: Any = SimpleNamespace()
    source = MqttSource(Broker("broker", 1883, "menshen"), ())
    intake = Intake(nothing, nothing, nothing, lambda: NOW)
    pipeline: Any = SimpleNamespace(counts=Counter({"REASON": 1}), records_passed_over=1)
    keeping = Keeping(nothing, lambda: NOW, lambda: True, lambda: None)
    releases = ReleasePump(nothing, lambda: NOW, lambda: True)
    deciding = Deciding(source, intake, pipeline, keeping, nothing, nothing, releases=releases)
    return deciding.counts()


def _findings_in_code() -> set[tuple[str, str, str]]:
    """Part, level and reason of each `Finding(...)` written out in `gateway.health`."""
    found = {("journal", "bad", "disk_full"), ("journal", "bad", "commit_refused")}
    for call in _calls(Path(health.__file__), "Finding"):
        part, level, *reasons = call.args[:3]
        if not isinstance(part, ast.Constant) or not isinstance(level, ast.Attribute):
            continue
        said = [each.value for each in ast.walk(reasons[0]) if isinstance(each, ast.Constant)]
        found |= {(str(part.value), level.attr.lower(), str(word)) for word in said if word != 0}
    return found


def _modem_reasons() -> set[str]:
    """Each reason for which a modem cannot be used, as the code writes it."""
    found = {"no_answer_yet", "not_registered", "driver_failed"}
    found |= {shared.STARTING, shared.STOPPED}
    assert transport.__file__
    for path in Path(transport.__file__).parent.glob("*.py"):
        for name, position in (("NotReady", 0), ("_must", 1)):
            for call in _calls(path, name):
                found |= {_pattern(each) for each in _texts_of(call.args[position])}
    return (found | {"port_absent", "port_busy"}) - {""}


def _texts_of(node: ast.expr) -> list[ast.expr]:
    """The texts an expression may become: both sides of a condition, the start of a sum."""
    if isinstance(node, ast.IfExp):
        return _texts_of(node.body) + _texts_of(node.orelse)
    if isinstance(node, ast.BinOp):
        return [ast.JoinedStr([*_texts_of(node.left), ast.FormattedValue(node.right, -1)])]
    return [node]


def _pattern(node: ast.expr) -> str:
    """A text as the page writes it, `…` for what varies; "" for a name."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        parts = (each.value if isinstance(each, ast.Constant) else "…" for each in node.values)
        return "".join(map(str, parts))
    return ""


def _calls(path: Path, name: str) -> list[ast.Call]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]
