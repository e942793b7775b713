"""Brings a remote Grafana to what stands here: folders, data sources, dashboards, alert rules.

What is there already is left alone where it is the same, and written over where it is not; nothing
else in that Grafana is touched. Doing it twice changes nothing the second time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

from gateway.export.schema import Bucket
from gateway.grafana import alerting
from gateway.grafana.board import TIMEZONE
from gateway.grafana.dashboards import dashboards
from gateway.grafana.files import data_source, folder_uid
from gateway.grafana.languages import LANGUAGES
from gateway.grafana.query import Json

RULES_FOLDER = "menshen-alerts"
"""Id of the folder of the alert rules."""
EVERY_S = 60
_OURS = ("id", "version")
"""What Grafana gives a dashboard itself."""


class RemoteError(Exception):
    """Grafana said no, or did not answer; the message says what to do about it."""


class Remote(Protocol):
    """A Grafana, by its API. Everything raises `RemoteError`; what is not there is None."""

    def folder(self, uid: str) -> Json | None:
        """Return a folder."""

    def make_folder(self, uid: str, title: str) -> None:
        """Make a folder."""

    def data_source(self, uid: str) -> Json | None:
        """Return a data source, without its secrets."""

    def make_data_source(self, source: Json) -> None:
        """Make a data source."""

    def change_data_source(self, uid: str, source: Json) -> None:
        """Write over a data source."""

    def dashboard(self, uid: str) -> Json | None:
        """Return a dashboard and what Grafana knows of it, as `dashboard` and `meta`."""

    def save_dashboard(self, board: Json, folder: str) -> None:
        """Make a dashboard, or write over it."""

    def rule_group(self, folder: str, name: str) -> Json | None:
        """Return a group of alert rules."""

    def save_rule_group(self, folder: str, group: Json) -> None:
        """Make a group of alert rules, or write over it."""


class Became(StrEnum):
    """What was done about one thing."""

    MADE = "made"
    CHANGED = "changed"
    KEPT = "kept"


class Step(NamedTuple):
    """One thing, and what was done about it."""

    kind: str  # folder, data source, dashboard, alert rules
    name: str
    became: Became


@dataclass(frozen=True, slots=True)
class Wanted:
    """What that Grafana is to read from, and in which languages it is to show it."""

    influx_url: str  # as Grafana reaches it
    bucket: str  # `influx.bucket`
    token: str = field(repr=False)  # may read the buckets, and nothing else
    languages: Sequence[str] = ("zh", "en")
    timezone: str = TIMEZONE


def provision(remote: Remote, wanted: Wanted) -> Iterator[Step]:
    """Do it, a step at a time. Raises `RemoteError`; what was done until then stays."""
    for bucket in Bucket:
        source = data_source(bucket, wanted.influx_url, wanted.bucket, wanted.token)
        yield Step("data source", source["uid"], _source(remote, source))
    for language in wanted.languages:
        words = LANGUAGES[language]
        uid = folder_uid(words)
        yield Step("folder", uid, _folder(remote, uid, words.folder))
        for board in dashboards(language, wanted.timezone).values():
            yield Step("dashboard", board["uid"], _dashboard(remote, board, uid))
    yield Step("folder", RULES_FOLDER, _folder(remote, RULES_FOLDER, alerting.FOLDER))
    yield Step("alert rules", alerting.GROUP, _rules(remote))


def _source(remote: Remote, source: Json) -> Became:
    if remote.data_source(source["uid"]) is None:
        remote.make_data_source(source)
        return Became.MADE
    remote.change_data_source(source["uid"], source)  # its token cannot be read, so not compared
    return Became.CHANGED


def _folder(remote: Remote, uid: str, title: str) -> Became:
    if remote.folder(uid) is not None:
        return Became.KEPT
    remote.make_folder(uid, title)
    return Became.MADE


def _dashboard(remote: Remote, board: Json, folder: str) -> Became:
    there = remote.dashboard(board["uid"])
    if there is not None:
        same_place = there.get("meta", {}).get("folderUid") == folder
        if same_place and _bare(there["dashboard"]) == _bare(board):
            return Became.KEPT
    remote.save_dashboard(board, folder)
    return Became.MADE if there is None else Became.CHANGED


def _bare(board: Json) -> Json:
    return {name: value for name, value in board.items() if name not in _OURS}


def _rules(remote: Remote) -> Became:
    group = rule_group(RULES_FOLDER)
    there = remote.rule_group(RULES_FOLDER, alerting.GROUP)
    if there is not None and _says(there, group):
        return Became.KEPT
    remote.save_rule_group(RULES_FOLDER, group)
    return Became.MADE if there is None else Became.CHANGED


def rule_group(folder: str) -> Json:
    """Return the alert rules as the API takes them."""
    rules = [
        {**alerting.to_json(rule), "orgID": 1, "folderUID": folder, "ruleGroup": alerting.GROUP}
        for rule in alerting.RULES
    ]
    return {"title": alerting.GROUP, "folderUid": folder, "interval": EVERY_S, "rules": rules}


def _says(there: Json, wanted: Json) -> bool:
    """Say whether all that is wanted is there; Grafana adds times and ids of its own."""
    if there.get("interval") != wanted["interval"]:
        return False
    rules = there.get("rules", [])
    return len(rules) == len(wanted["rules"]) and all(
        all(rule.get(name) == value for name, value in want.items())
        for rule, want in zip(rules, wanted["rules"], strict=True)
    )
