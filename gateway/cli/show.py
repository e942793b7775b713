"""Prints lists: a table for people, JSON for programs."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import typer

Rows = Sequence[Mapping[str, Any]]
_INSTANT = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d")


def rows(found: Rows, columns: Sequence[str], *, as_json: bool, nothing: str) -> None:
    """Print some columns of a list, or all of it as JSON."""
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    if not found:
        typer.echo(nothing)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in found:
        table.add_row(*(cell(row.get(column)) for column in columns))
    # A pipe has no width: nothing is folded for the program that reads it.
    Console(highlight=False, width=None if sys.stdout.isatty() else 240).print(table)


def cell(value: Any) -> str:
    """Return a value as a person reads it: instants in local time, nothing for nothing."""
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    if isinstance(value, list):
        return ", ".join(map(cell, value))
    if isinstance(value, dict):
        return " ".join(filter(None, map(cell, value.values())))
    if isinstance(value, str) and _INSTANT.match(value):
        return f"{datetime.fromisoformat(value).astimezone():%m-%d %H:%M}"
    return str(value)
