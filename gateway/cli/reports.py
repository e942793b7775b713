"""`menshen report`: the daily log and the weekly report, for a desk, a printer or a spreadsheet."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from gateway.cli import show
from gateway.cli.local import Local, RefusedError, refuse
from gateway.cli.options import DEFAULT_CONFIG, Config, Json

report = typer.Typer(help="The daily log and the weekly report.", no_args_is_help=True)

PATH = ("reports",)
MADE_WITHIN_S = 120.0
"""A week of 1,000 homes takes two seconds of a desk machine (ours: ten of a Pi, and room)."""
Form = Literal["html", "xlsx"]

Day = Annotated[
    str, typer.Option("--date", metavar="DAY", help="As 2026-11-21; yesterday if left out.")
]
Week = Annotated[
    str,
    typer.Option("--date", metavar="DAY", help="First day of the week; the last week if left out."),
]
InLanguage = Annotated[Literal["zh", "en"], typer.Option("--language", help="Its language.")]
InFormat = Annotated[Form | None, typer.Option("--format", help="As --out ends; else a page.")]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Where; named by its days if left out.")
]
Unmask = Annotated[bool, typer.Option("--unmask", help="With house codes and addresses.")]
Why = Annotated[str, typer.Option("--why", help="With --unmask: the reason, for the audit.")]


@report.command("daily")
def daily(
    day: Day = "",
    language: InLanguage = "zh",
    form: InFormat = None,
    out: Out = None,
    unmask: Unmask = False,
    why: Why = "",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Write the daily log: one map, one ledger, one log; masked unless asked with a reason."""
    _write(config, "daily", day, language, form, out, unmask=unmask, why=why)


@report.command("weekly")
def weekly(
    day: Week = "",
    language: InLanguage = "zh",
    form: InFormat = None,
    out: Out = None,
    unmask: Unmask = False,
    why: Why = "",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Write the weekly report: seven days beside the seven before them."""
    _write(config, "weekly", day, language, form, out, unmask=unmask, why=why)


@report.command("list")
def list_(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """List the reports that the gateway made by itself and keeps."""
    try:
        found = Local.of(config).every(*PATH)
    except RefusedError as error:
        raise refuse(error) from None
    columns = ("name", "first", "last", "made_at", "language")
    show.rows(found, columns, as_json=as_json, nothing="no report was made yet")


def _write(
    config: Path,
    kind: str,
    day: str,
    language: str,
    form: Form | None,
    out: Path | None,
    *,
    unmask: bool,
    why: str,
) -> None:
    asked = {
        "kind": kind,
        "date": day or None,
        "language": language,
        "format": form or _ending(out),
        "unmask": unmask,
        "why": why,
    }
    try:
        answer = Local.of(config).exchange("POST", PATH, json=asked, timeout=MADE_WITHIN_S)
    except RefusedError as error:
        raise refuse(error) from None
    file = out or Path(_named(answer.headers["content-disposition"]))
    try:
        file.touch(0o600)
        file.write_bytes(answer.content)
    except OSError as error:
        raise refuse(error) from None
    typer.echo(f"wrote {file}{', which shows homes in full: keep it safe' if unmask else ''}")


def _ending(out: Path | None) -> str:
    return "xlsx" if out is not None and out.suffix.lower() == ".xlsx" else "html"


def _named(disposition: str) -> str:
    found = re.search(r'filename="([\w.-]+)"', disposition)
    return found[1] if found else "menshen-report.html"
