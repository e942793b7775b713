"""`menshen registry`: lists brought in and taken out, and what is known of one home or device."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from gateway.cli import show
from gateway.cli.local import Local, RefusedError, refuse
from gateway.cli.options import DEFAULT_CONFIG, Config, Json

if TYPE_CHECKING:
    import httpx

registry = typer.Typer(help="Places, people and devices on record.", no_args_is_help=True)

PATH = ("registry",)
LOOK_EVERY_S = 0.3
UPLOAD_WITHIN_S = 600.0
_COUNTS = ("new", "updated", "unchanged", "repeated")

KindName = Literal["areas", "buildings", "teams", "homes", "devices"]
Kind = Annotated[
    KindName | None, typer.Option(help="What the list is of; its headings say it, if left out.")
]
Of = Annotated[KindName, typer.Argument(metavar="KIND", help="Which list.")]
Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="A new .csv or .xlsx file.")]


@registry.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or XLSX.")],
    kind: Kind = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be; change nothing.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Bring in a list: all of it, or nothing and each row that is wrong."""
    with _or_refuse():
        gateway = Local.of(config)
        asked = {"dry_run": str(dry_run).lower(), **({"kind": kind} if kind else {})}
        job = _upload(gateway, file, asked)
        job = _wait(gateway, job, is_shown=not as_json)
    _print_report(job, as_json=as_json)
    raise typer.Exit(0 if job["stage"] == "done" else 1)


@registry.command("export")
def export(
    kind: Of,
    out: Out,
    language: Annotated[Literal["zh", "en"], typer.Option("--lang", help="Of headings.")] = "zh",
    unmask: Annotated[
        bool, typer.Option("--unmask", help="Names, phones and addresses in full.")
    ] = False,
    why: Annotated[str, typer.Option(help="With --unmask: the reason, for the audit.")] = "",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Take out a list, masked; in full only with a reason, which is audited."""
    form = out.suffix.lower().removeprefix(".")
    asked = {"kind": kind, "format": form, "language": language, "unmask": unmask, "why": why}
    with _or_refuse():
        if form not in {"csv", "xlsx"}:
            raise RefusedError(f"{out}: name a file that ends with .csv or .xlsx")
        _download(Local.of(config), asked, out)
    typer.echo(f"wrote {out}{', which shows people in full: keep it safe' if unmask else ''}")


@registry.command("adopt")
def adopt(config: Config = DEFAULT_CONFIG) -> None:
    """Let the registry be the truth from now on; the homes file is read no more."""
    with _or_refuse():
        Local.of(config).make(*PATH, "adopt")
    typer.echo("the registry is the truth now; the homes file is read no more: put it away safely")


@registry.command("show")
def show_(
    name: Annotated[str, typer.Argument(metavar="CODE|DEVICE", help="House code or device id.")],
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Show a home or device, what was changed of it, and where it hung; people are masked."""
    with _or_refuse():
        gateway = Local.of(config)
        try:
            found = gateway.get(*PATH, "homes", name)
        except RefusedError:
            found = gateway.get(*PATH, "devices", name)
    if as_json:
        show.rows([found], (), as_json=True, nothing="")
        return
    entry = [{"field": key, "value": value} for key, value in found["entry"].items() if value]
    show.rows(entry, ("field", "value"), as_json=False, nothing="")
    for title, columns in (
        ("bindings", ("from_at", "until_at", "house_code", "watch", "building", "place")),
        ("changes", ("at", "actor", "change", "fields")),
    ):
        if found[title]:
            typer.echo("")
            show.rows(found[title], columns, as_json=False, nothing="")


@registry.command("state")
def state(
    device: Annotated[str, typer.Argument(metavar="DEVICE", help="Its id.")],
    to: Annotated[
        Literal["registered", "mounted", "commissioned", "in_service", "faulty", "removed"],
        typer.Argument(metavar="STATE", help="Where in its life it is now."),
    ],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Let a device go to another state of its life."""
    with _or_refuse():
        made = Local.of(config).make(*PATH, "device-states", device=device, state=to)
    typer.echo(f"{device} is {to}" if made["change"] != "unchanged" else f"{device} was {to}")


@contextmanager
def _or_refuse() -> Iterator[None]:
    try:
        yield
    except (RefusedError, OSError) as error:
        raise refuse(error) from None


def _upload(gateway: Local, file: Path, asked: dict[str, str]) -> Any:
    with file.open("rb") as content:
        return gateway.exchange(
            "POST", (*PATH, "imports"), params=asked, content=content, timeout=UPLOAD_WITHIN_S
        ).json()


def _download(gateway: Local, asked: dict[str, Any], out: Path) -> None:
    answer: httpx.Response = gateway.exchange(
        "POST", (*PATH, "exports"), json=asked, timeout=UPLOAD_WITHIN_S
    )
    out.touch(0o600, exist_ok=False)
    out.write_bytes(answer.content)


def _wait(gateway: Local, job: Any, *, is_shown: bool) -> Any:
    """Look until the import has ended; on a terminal with a bar."""
    import sys

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]:,} rows"),
        TimeElapsedColumn(),
    )
    is_off = not (is_shown and sys.stderr.isatty())
    with Progress(*columns, console=Console(stderr=True), disable=is_off) as bar:
        task = bar.add_task(job["stage"], total=1.0, rows=0)
        while job["ended_at"] is None:
            time.sleep(LOOK_EVERY_S)
            job = gateway.get(*PATH, "imports", job["id"])
            bar.update(task, completed=job["done"], description=job["stage"], rows=job["rows"])
    return job


def _print_report(job: Any, *, as_json: bool) -> None:
    if as_json:
        show.rows([job], (), as_json=True, nothing="")
        return
    if job["problem_count"]:
        show.rows(job["problems"], ("row", "column", "wrong", "instead"), as_json=False, nothing="")
        left = job["problem_count"] - len(job["problems"])
        typer.echo(f"... and {left} more" if left > 0 else "")
    if job["passed_over"]:
        typer.echo(f"columns passed over: {', '.join(job['passed_over'])}")
    counts = ", ".join(f"{job[name]} {name}" for name in _COUNTS)
    said = {
        "done": "would be done" if job["dry_run"] else "done",
        "refused": "nothing was changed",
        "failed": "nothing was changed",
    }[job["stage"]]
    typer.echo(f"{job['kind'] or 'list'}: {counts}; {said}")
    if job["detail"]:
        typer.echo(f"menshen: {job['detail']}", err=True)
