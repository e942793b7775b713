"""Writes docs/settings.md from the settings themselves: `python -m gateway.settings_page`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import groupby

from gateway import config
from gateway.homes import file as homes_file
from gateway.settings import Setting


def render() -> str:
    """Return the page."""
    lines = [
        "# Settings",
        "",
        "Written by `python -m gateway.settings_page`; a test fails where it is out of date.",
        "An unknown key is an error that names the nearest known one.",
        *_chapter("menshen.toml", config.settings()),
        *_chapter("homes.toml", homes_file.settings()),
    ]
    return "\n".join(lines) + "\n"


def _chapter(file: str, settings: Iterable[Setting]) -> Iterator[str]:
    yield from ("", f"## {file}")
    for table, entries in groupby(settings, key=_table):
        yield from ("", f"### {_heading(table)}", "")
        yield from ("| key | type | default | what it is |", "|---|---|---|---|")
        for each in entries:
            key = each.key.rpartition(".")[2]
            default = f"`{each.default}`" if each.default else "must be given"
            yield f"| `{key}` | {_cell(each.type)} | {default} | {_cell(each.what)} |"


def _table(setting: Setting) -> str:
    return setting.key.rpartition(".")[0]


def _heading(table: str) -> str:
    """Write a table as it stands in the file: `[mqtt]`, `[[channels]]` with its kind.

    >>> _heading("channels[](tencent).templates.*")
    '`[channels.templates.*]` with `kind = "tencent"`'
    """
    path, _, rest = table.partition("(")
    kind, _, below = rest.partition(")")
    name = (path + below).replace("[]", "")
    brackets = f"`[[{name}]]`" if table.endswith(("[]", ")")) else f"`[{name}]`"
    return f'{brackets} with `kind = "{kind}"`' if kind else brackets


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(render())
