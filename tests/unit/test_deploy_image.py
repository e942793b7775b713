"""The image has what it runs with, in the versions that were tested, and nothing else of ours."""

from __future__ import annotations

import importlib.util
import re
import sys
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "deploy" / "docker"
DOCKERFILE = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
LOCKED = (ROOT / "requirements" / "locked.txt").read_text(encoding="utf-8")
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
NAME = re.compile(r"^([A-Za-z0-9][\w.-]*)")


@pytest.fixture(scope="module")
def program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("locked_subset", DOCKER / "locked_subset.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def names(subset: str) -> set[str]:
    return {line.split("==")[0] for line in subset.splitlines() if "==" in line}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def installed_closure(roots: list[str]) -> set[str]:
    """Return what the installed packages themselves say they need, on this Python."""
    found, ahead = set[str](), [normal(root) for root in roots]
    while ahead:
        name = ahead.pop()
        if name in found:
            continue
        try:
            wanted = requires(name) or []
        except PackageNotFoundError:
            continue  # of another platform
        found.add(name)
        for each in wanted:
            package, _, marker = each.partition(";")
            if not marker or re.search(
                r"python_version|platform|sys_platform|implementation", marker
            ):
                if "extra" in marker:
                    continue
                name_of = NAME.match(package)
                assert name_of is not None
                ahead.append(normal(name_of[1]))
    return found


@pytest.mark.parametrize("extras", [[], ["push", "tencent"], ["aliyun", "pi"]])
def test_everything_that_is_needed_is_in_it(program: ModuleType, extras: list[str]) -> None:
    roots = program.roots_of(PROJECT, extras)
    found = names(program.subset(LOCKED, roots))
    lacking = installed_closure(roots) - found
    assert not {name for name in lacking if f"\n{name}==" in LOCKED}


def test_nothing_that_only_tests_need_is_in_it(program: ModuleType) -> None:
    found = names(program.subset(LOCKED, program.roots_of(PROJECT, ["push", "tencent"])))
    assert not found & {"pytest", "hypothesis", "mypy", "ruff", "schemathesis", "aiomqtt", "amqtt"}
    assert {"fastapi", "apprise", "sqlalchemy", "pydantic-core"} <= found


def test_every_entry_keeps_its_hashes(program: ModuleType) -> None:
    subset = program.subset(LOCKED, program.roots_of(PROJECT, []))
    for entry in re.split(r"\n(?=\S)", subset.strip()):
        assert entry.count("--hash=sha256:") >= 1
        assert entry + "\n" in LOCKED


def test_what_is_not_locked_is_refused_by_name(program: ModuleType) -> None:
    with pytest.raises(KeyError, match="not locked: leftpad"):
        program.subset(LOCKED, ["leftpad"])
    with pytest.raises(KeyError, match="nonsense"):
        program.roots_of(PROJECT, ["nonsense"])


def copied() -> list[str]:
    """Return what the Dockerfile takes from the repository."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
    return [source for line in lines for source in line.split()[:-1]]


def test_all_that_is_copied_is_there_and_let_through() -> None:
    ignore = (DOCKER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert copied()
    assert "*" in ignore
    for source in copied():
        assert (ROOT / source).exists()
        assert f"!{source}" in ignore


def test_every_package_of_the_product_is_copied() -> None:
    product = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "docs"}
    assert product - {"benchmarks"} <= set(copied())


def test_the_image_is_of_the_python_that_the_list_was_locked_for() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(set(bases)) == 1
    version = re.search(r"with Python (3\.\d+)", LOCKED)
    assert version is not None
    assert re.fullmatch(rf"python:{re.escape(version[1])}\.\d+-slim-\w+", bases[0])


def test_the_image_runs_as_nobody_in_particular() -> None:
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE) == ["10001:10001"]
    assert sys.version_info >= (3, 11)
