"""`menshen registry` says what became of a list, and each row that is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.cli import registry as command
from gateway.cli.local import Local, RefusedError

REPORT: dict[str, Any] = {
    "id": "j1",
    "kind": "homes",
    "stage": "done",
    "dry_run": False,
    "rows": 3,
    "done": 1.0,
    "new": 2,
    "updated": 1,
    "unchanged": 0,
    "repeated": 0,
    "problem_count": 0,
    "problems": [],
    "passed_over": ["备注"],
    "detail": "",
    "ended_at": "2026-11-21T06:35:00Z",
}
PROBLEM = {"row": 7, "column": "team", "wrong": "there is no team", "instead": "import it first"}


class Answer:
    """What the gateway answers to an upload."""

    content = b"list"

    def json(self) -> Any:
        """An import that just began."""
        return REPORT | {"stage": "reading", "ended_at": None}


class Gateway:
    """Stands for the local API."""

    def __init__(self, **report: Any) -> None:
        self.report = REPORT | report
        self.asked: list[dict[str, Any]] = []

    def exchange(self, _method: str, path: tuple[str, ...], **asked: Any) -> Answer:
        """Take a file, or give one."""
        self.asked.append(asked)
        return Answer()

    def get(self, *_path: str) -> Any:
        """Say how far it is."""
        return self.report


def run(monkeypatch: pytest.MonkeyPatch, gateway: Gateway, *words: str) -> Any:
    monkeypatch.setattr(Local, "of", classmethod(lambda _cls, _config: gateway))
    monkeypatch.setattr(command, "LOOK_EVERY_S", 0)
    return CliRunner().invoke(command.registry, list(words))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "homes.csv"
    path.write_text("x\n")
    return path


def test_an_import_tells_what_became_of_the_rows(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    result = run(monkeypatch, Gateway(), "import", str(file))
    assert result.exit_code == 0
    assert "homes: 2 new, 1 updated, 0 unchanged, 0 repeated; done" in result.output
    assert "备注" in result.output


def test_an_import_that_is_refused_names_rows_and_fails(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    gateway = Gateway(stage="refused", problem_count=2, problems=[PROBLEM])
    result = run(monkeypatch, gateway, "import", str(file))
    assert result.exit_code == 1
    for said in ("7", "there is no team", "import it first", "1 more", "nothing was changed"):
        assert said in result.output


def test_a_dry_run_is_asked_for_and_says_that_it_was_one(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    gateway = Gateway(dry_run=True)
    result = run(monkeypatch, gateway, "import", str(file), "--dry-run", "--kind", "homes")
    assert gateway.asked[0]["params"] == {"dry_run": "true", "kind": "homes"}
    assert "would be done" in result.output


def test_a_report_can_be_read_by_programs(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    result = run(monkeypatch, Gateway(), "import", str(file), "--json")
    assert json.loads(result.stdout)[0]["new"] == 2


def test_an_export_overwrites_nothing(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    result = run(monkeypatch, Gateway(), "export", "homes", "--out", str(file))
    assert result.exit_code == 1
    assert file.read_text() == "x\n"
    new = file.with_name("new.csv")
    assert run(monkeypatch, Gateway(), "export", "homes", "--out", str(new)).exit_code == 0
    assert new.read_bytes() == b"list"
    assert new.stat().st_mode & 0o077 == 0


def test_a_refusal_is_said_and_fails(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    gateway = Gateway()

    def refuse(*_: Any, **__: Any) -> Answer:
        raise RefusedError("homes are managed by homes.toml")

    monkeypatch.setattr(gateway, "exchange", refuse)
    result = run(monkeypatch, gateway, "import", str(file))
    assert (result.exit_code, "homes.toml" in result.output) == (1, True)
