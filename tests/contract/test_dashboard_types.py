"""Dashboards are what @grafana/schema says a dashboard is: options, overrides and all.

`tests/fixtures/grafana` has the types and their lock; npm installs them into pytest's cache.
Grafana itself takes any JSON, and shows nothing where an option is misspelt.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from gateway.grafana.dashboards import dashboards
from gateway.grafana.languages import LANGUAGES
from tests.fakes.grafana import panels_of

Json = dict[str, Any]
FIXTURES = Path(__file__).parents[1] / "fixtures" / "grafana"
NAMES = [f"{language}-{Path(name).stem}" for language in LANGUAGES for name in dashboards(language)]


def _option(kind: str, name: str, value: object) -> Callable[[Json], None]:
    def set_option(dashboard: Json) -> None:
        _first(dashboard, kind)["options"][name] = value

    return set_option


def _default(kind: str, name: str, value: object) -> Callable[[Json], None]:
    def set_default(dashboard: Json) -> None:
        _first(dashboard, kind)["fieldConfig"]["defaults"][name] = value

    return set_default


def _first(dashboard: Json, kind: str) -> Json:
    return next(panel for panel in panels_of(dashboard) if panel["type"] == kind)


def _misspell_an_override(dashboard: Json) -> None:
    override = {"id": "custom.hidden", "value": True}
    matcher = {"id": "byName", "options": "number"}
    _first(dashboard, "table")["fieldConfig"]["overrides"].append(
        {"matcher": matcher, "properties": [override]}
    )


def _leave_out_the_row_height(dashboard: Json) -> None:
    del _first(dashboard, "state-timeline")["options"]["rowHeight"]


def _ask_in_a_wrong_format(dashboard: Json) -> None:
    _first(dashboard, "table")["targets"][0]["resultFormat"] = "timeseries"


def _give_an_option_of_another_panel(dashboard: Json) -> None:
    _first(dashboard, "state-timeline")["options"]["colWidth"] = 0.9


def _refresh_a_variable_never_heard_of(dashboard: Json) -> None:
    dashboard["templating"]["list"][0]["refresh"] = 7


def _say_the_end_of_events_in_a_wrong_place(dashboard: Json) -> None:
    annotation = next(each for each in dashboard["annotations"]["list"] if each.get("target"))
    annotation["target"]["timeEnd"] = "end_ms"


WRONG: dict[str, tuple[Callable[[Json], None], str]] = {
    "value": (_option("state-timeline", "showValue", "allways"), '"allways"'),
    "option": (_option("table", "cellHeigth", "sm"), "cellHeigth"),
    "other": (_give_an_option_of_another_panel, "colWidth"),
    "missing": (_leave_out_the_row_height, "rowHeight"),
    "custom": (_default("state-timeline", "custom", {"fillOpacitty": 70}), "fillOpacitty"),
    "field": (_default("stat", "unti", "s"), "unti"),
    "override": (_misspell_an_override, "custom.hidden"),
    "format": (_ask_in_a_wrong_format, "timeseries"),
    "variable": (_refresh_a_variable_never_heard_of, "'7'"),
    "annotation": (_say_the_end_of_events_in_a_wrong_place, "timeEnd"),
}
"""What would be shown wrongly or not at all, made of the dashboard of a home; what tsc says."""


@pytest.fixture(scope="module")
def checked(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Check every dashboard, and every wrong one; return what is said of each, by name."""
    compiler = _compiler(pytestconfig)
    folder = tmp_path_factory.mktemp("types")
    for name in ("model.ts", "tsconfig.json"):
        shutil.copy(FIXTURES / name, folder)
    (folder / "node_modules").symlink_to(compiler.parents[1])
    (folder / "checked").mkdir()
    for language in LANGUAGES:
        for name, dashboard in dashboards(language).items():
            _write(folder, f"{language}-{Path(name).stem}", dashboard)
    for name, (spoil, _) in WRONG.items():
        spoilt = copy.deepcopy(dashboards("en")["home.json"])
        spoil(spoilt)
        _write(folder, f"wrong-{name}", spoilt)
    command = [str(compiler), "--project", ".", "--pretty", "false"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return _by_file(done.stdout)


def _compiler(config: pytest.Config) -> Path:
    """Install the types unless the lock's are there already; return tsc."""
    lock = (FIXTURES / "package-lock.json").read_bytes()
    folder = config.cache.mkdir(f"grafana-types-{hashlib.sha256(lock).hexdigest()[:12]}")
    compiler = folder / "node_modules" / ".bin" / "tsc"
    if compiler.exists():
        return compiler
    npm = shutil.which("npm")
    if npm is None:
        _cannot("npm is not installed (Debian: apt-get install npm)")
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(FIXTURES / name, folder)
    done = subprocess.run([npm, "ci"], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        _cannot(f"npm could not install @grafana/schema: {done.stderr[-500:]}")
    return compiler


def _cannot(why: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


def _write(folder: Path, name: str, dashboard: Json) -> None:
    written = json.dumps(dashboard, ensure_ascii=False, indent=1)
    (folder / "checked" / f"{name}.ts").write_text(
        "import type { Dashboard } from '../model';\n"
        f"export const dashboard: Dashboard = {written};\n",
        encoding="utf-8",
    )


def _by_file(said: str) -> dict[str, str]:
    found: dict[str, str] = {}
    name = ""
    for line in said.splitlines():
        if begun := re.match(r"(?:checked/)?([\w-]+)\.ts\(", line):
            name = begun[1]
        found[name] = f"{found.get(name, '')}{line}\n"
    return found


def test_nothing_but_dashboards_is_wrong(checked: dict[str, str]) -> None:
    assert {name for name in checked if not name.startswith("wrong-")} <= set(NAMES), checked


@pytest.mark.parametrize("name", NAMES)
def test_a_dashboard_is_what_grafana_reads(checked: dict[str, str], name: str) -> None:
    assert name not in checked, checked[name]


@pytest.mark.parametrize("name", WRONG)
def test_what_grafana_would_not_read_is_found(checked: dict[str, str], name: str) -> None:
    assert WRONG[name][1] in checked.get(f"wrong-{name}", "nothing was found")
