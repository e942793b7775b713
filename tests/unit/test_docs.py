"""The pages say what the code does: nothing stale, no broken link, no name that does not exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from docs.blocks.commands import every_command
from docs.generate import ROOT, generated, pages
from gateway import config
from gateway.homes import file

PAGES = [pytest.param(page, id=str(page.relative_to(ROOT))) for page in pages()]
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FUNCTION = re.compile(r"`([a-z][\w/-]*\.py):([A-Za-z_][\w.]*)`")
FILE = re.compile(r"`((?:devices|alerts|gateway|tests|docs|deploy|requirements)/[\w/.-]+\.\w+)`")
COMMAND = re.compile(r"(?:`|[$] |bin/)menshen((?: [a-z]+)+)")
SETTING = re.compile(
    r"`((?:gateway|mqtt|journal|records|web|heartbeat|policy)\.[a-z_0-9.]+)(?: = [^`]*)?`"
)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES)
def test_generated_parts_are_what_the_code_says_now(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert generated(text) == text, "stale: run `make docs`"


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = [
        link
        for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8")))
        if "://" not in link and not _leads_somewhere(page, link)
    ]
    assert not broken


@pytest.mark.parametrize("page", PAGES)
def test_every_function_named_on_a_page_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    missing = [
        f"{path}:{name}"
        for path, name in FUNCTION.findall(text)
        if not (ROOT / path).exists() or name not in _names_in(ROOT / path)
    ]
    assert not missing


@pytest.mark.parametrize("page", PAGES)
def test_every_file_named_on_a_page_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not [path for path in FILE.findall(text) if not (ROOT / path).exists()]


@pytest.mark.parametrize("page", PAGES)
def test_every_command_named_on_a_page_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    quoted = "\n".join(re.findall(r"`[^`\n]+`|^[#$] .+$", text, re.MULTILINE))
    known = {path.removeprefix("menshen ") for path, _ in every_command()}
    known |= {path.rpartition(" ")[0] for path in known}
    unknown = [
        words
        for words in COMMAND.findall(quoted)
        if not any((words.strip() + " ").startswith(f"{each} ") for each in known if each)
    ]
    assert not unknown


@pytest.mark.parametrize("page", PAGES)
def test_every_target_named_on_a_page_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z]+):", makefile, re.MULTILINE)
    named = re.findall(r"(?:`|[$#] )make ([a-z]+)", page.read_text(encoding="utf-8"))
    assert not [target for target in named if target not in targets]


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_named_on_a_page_exists(page: Path) -> None:
    known = {each.key.replace("[]", "") for each in (*config.settings(), *file.settings())}
    tables = {key.rpartition(".")[0] for key in known}
    named = SETTING.findall(page.read_text(encoding="utf-8"))
    assert not [name for name in named if name not in known | tables and not _is_path(name)]


def test_every_page_can_be_found_from_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    linked = {ROOT / "docs" / link.partition("#")[0] for link in LINK.findall(index)}
    linked |= set((ROOT / "docs" / "adr").glob("0*.md"))
    assert not [
        page
        for page in (ROOT / "docs").rglob("*.md")
        if page not in linked and page != ROOT / "docs" / "README.md"
    ]


def test_every_decision_stands_in_their_index() -> None:
    index = (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    assert not [page for page in (ROOT / "docs" / "adr").glob("0*.md") if page.name not in index]


def _leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = page if not path else page.parent / path
    if not target.exists():
        return False
    if not anchor:
        return True
    headings = HEADING.findall(FENCE.sub("", target.read_text(encoding="utf-8")))
    return anchor in {_anchor(heading) for heading in headings}


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _is_path(name: str) -> bool:
    """`gateway.clock` is a module, and no setting."""
    return (ROOT / name.replace(".", "/")).with_suffix(".py").exists()


@cache
def _names_in(path: Path) -> frozenset[str]:
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        found |= _defined(node)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{name}" for inner in node.body for name in _defined(inner)}
    return frozenset(found)


def _defined(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    return set()
