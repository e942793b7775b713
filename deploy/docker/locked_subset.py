# ruff: noqa: INP001 - a program for the image's build, which has nothing of ours installed
"""Prints the part of a locked list, hashes and all, that some packages need: for an image.

    locked_subset.py LOCKED PACKAGE...
    locked_subset.py LOCKED --project PYPROJECT [EXTRA...]

Who needs whom is read from the comments that pip-compile writes (`# via`), so the list is locked
once for everything and an image takes no version that was not tested.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

ENTRY = re.compile(r"^(?P<name>[a-z0-9][a-z0-9.-]*)==")


def subset(locked: str, roots: Iterable[str]) -> str:
    """Return the entries of `roots` and of all they need. KeyError for a root that is not there."""
    entries = _entries(locked)
    needs = _needs(entries)
    wanted, ahead = set[str](), [_normal(root) for root in roots]
    while ahead:
        name = ahead.pop()
        if name not in wanted:
            wanted.add(name)
            ahead += needs.get(name, ())
    if missing := sorted(wanted - entries.keys()):
        raise KeyError(f"not locked: {', '.join(missing)}")
    return "".join(entries[name] for name in sorted(wanted))


def roots_of(project: str, extras: Iterable[str]) -> list[str]:
    """Return what a pyproject.toml asks for, and some of its extras. KeyError for no extra."""
    table = tomllib.loads(project)["project"]
    asked = [*table["dependencies"]]
    for extra in extras:
        asked += table["optional-dependencies"][extra]
    return [re.split(r"[^A-Za-z0-9._-]", each, maxsplit=1)[0] for each in asked]


def _entries(locked: str) -> dict[str, str]:
    entries: dict[str, str] = {}
    name = ""
    for line in locked.splitlines(keepends=True):
        if found := ENTRY.match(line):
            name = found["name"]
        if name and (line[0] == " " or found):
            entries[name] = entries.get(name, "") + line
    return entries


def _needs(entries: dict[str, str]) -> dict[str, set[str]]:
    """Return what each package brings along: the list says it the other way round."""
    needs: dict[str, set[str]] = {}
    for name, entry in entries.items():
        _, _, reasons = entry.partition("# via")
        for parent in re.findall(r"^[ #]*([a-zA-Z0-9][\w.-]*)", reasons, re.MULTILINE):
            needs.setdefault(_normal(parent), set()).add(name)
    return needs


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    list_file, *words = sys.argv[1:]
    if words[:1] == ["--project"]:
        words = roots_of(Path(words[1]).read_text(encoding="utf-8"), words[2:])
    sys.stdout.write(subset(Path(list_file).read_text(encoding="utf-8"), words))
