"""What is brought to a remote Grafana, and that the second time changes nothing."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

import pytest

from gateway.grafana import remote
from gateway.grafana.alerting import GROUP, RULES
from gateway.grafana.provision import RULES_FOLDER, Became, Wanted, provision
from tests.fakes.grafana_server import GrafanaState

Json = dict[str, Any]
WANTED = Wanted("http://influxdb:8086", "menshen", "read-only-token")


class InMemory:
    """A Grafana by the protocol, over the answers of the fake server."""

    def __init__(self) -> None:
        self.server = GrafanaState()

    def _ask(self, method: str, *path: str, body: Json | None = None) -> Json | None:
        status, said = self.server.answer(method, list(path), body)
        if status == 404:
            return None
        assert status == 200, said
        return said

    def folder(self, uid: str) -> Json | None:
        return self._ask("GET", "folders", uid)

    def make_folder(self, uid: str, title: str) -> None:
        self._ask("POST", "folders", body={"uid": uid, "title": title})

    def data_source(self, uid: str) -> Json | None:
        return self._ask("GET", "datasources", "uid", uid)

    def make_data_source(self, source: Json) -> None:
        self._ask("POST", "datasources", body=source)

    def change_data_source(self, uid: str, source: Json) -> None:
        self._ask("PUT", "datasources", "uid", uid, body=source)

    def dashboard(self, uid: str) -> Json | None:
        return self._ask("GET", "dashboards", "uid", uid)

    def save_dashboard(self, board: Json, folder: str) -> None:
        body = {"dashboard": board, "folderUid": folder, "overwrite": True}
        self._ask("POST", "dashboards", "db", body=body)

    def rule_group(self, folder: str, name: str) -> Json | None:
        return self._ask("GET", "v1", "provisioning", "folder", folder, "rule-groups", name)

    def save_rule_group(self, folder: str, group: Json) -> None:
        path = ("v1", "provisioning", "folder", folder, "rule-groups", group["title"])
        self._ask("PUT", *path, body=group)


@pytest.fixture
def grafana() -> InMemory:
    return InMemory()


def test_an_empty_grafana_gets_everything(grafana: InMemory) -> None:
    steps = list(provision(grafana, WANTED))
    assert {step.became for step in steps} == {Became.MADE}
    assert Counter(step.kind for step in steps) == {
        "data source": 3,
        "folder": 3,
        "dashboard": 10,
        "alert rules": 1,
    }
    assert len(grafana.server.groups[RULES_FOLDER, GROUP]["rules"]) == len(RULES)
    homes = grafana.server.data_sources["menshen-homes"]
    assert homes["url"] == "http://influxdb:8086"
    assert homes["jsonData"]["dbName"] == "menshen_homes"
    assert homes["secureJsonData"] == {"httpHeaderValue1": "Token read-only-token"}


def test_the_second_time_only_tokens_are_written_again(grafana: InMemory) -> None:
    list(provision(grafana, WANTED))
    again = list(provision(grafana, WANTED))
    assert {step.kind for step in again if step.became is not Became.KEPT} == {"data source"}
    assert grafana.server.dashboards["menshen-home-zh"]["dashboard"]["version"] == 1


def test_what_somebody_changed_is_put_right(grafana: InMemory) -> None:
    list(provision(grafana, WANTED))
    grafana.server.dashboards["menshen-area-en"]["dashboard"]["title"] = "Mine"
    grafana.server.dashboards["menshen-team-en"]["meta"]["folderUid"] = "elsewhere"
    grafana.server.groups[RULES_FOLDER, GROUP]["rules"][0]["for"] = "9h"
    changed = {
        step.name
        for step in provision(grafana, WANTED)
        if step.became is Became.CHANGED and step.kind != "data source"
    }
    assert changed == {"menshen-area-en", "menshen-team-en", GROUP}
    assert grafana.server.dashboards["menshen-area-en"]["dashboard"]["title"] == "Area"


def test_nothing_of_others_is_touched(grafana: InMemory) -> None:
    theirs: Json = {"dashboard": {"uid": "theirs", "version": 7}, "meta": {}}
    grafana.server.dashboards["theirs"] = theirs
    list(provision(grafana, WANTED))
    assert grafana.server.dashboards["theirs"] == {
        "dashboard": {"uid": "theirs", "version": 7},
        "meta": {},
    }


def test_one_language_alone_may_be_wanted(grafana: InMemory) -> None:
    list(provision(grafana, Wanted("http://influxdb:8086", "menshen", "token", ("en",))))
    assert {uid.rpartition("-")[2] for uid in grafana.server.dashboards} == {"en"}


def test_a_token_is_in_no_printout() -> None:
    assert "read-only-token" not in repr(WANTED)


def test_without_the_library_one_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "grafana_client", None)
    with pytest.raises(remote.NotInstalledError, match=r"make \.venv-grafana/\.ready"):
        remote.ByClient("http://127.0.0.1:1", "token")
