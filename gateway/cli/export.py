"""`menshen export`: how InfluxDB follows, whether it has everything, and what is sent once more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli import show
from gateway.cli.local import Local, RefusedError, refuse
from gateway.cli.options import DEFAULT_CONFIG, Config, Json, instant

export = typer.Typer(help="What is exported to InfluxDB.", no_args_is_help=True)

DIFFERS, NOT_COMPARED = 1, 3
"""Exit statuses of `verify`: some day differs; it could not be compared. 2: a wrong command."""
RETRY_WITHIN_S = 600.0
_SHOWN = (
    *("state", "since", "server_version", "cursor_seq", "journal_seq", "rows_waiting"),
    *("samples_waiting", "behind_s", "last_written_at", "points_written", "points_refused"),
    *("points_too_old", "lines_refused", "erasures_unproven", "records_removed"),
)
VERDICTS = {
    "same": "same",
    "lacks": "InfluxDB lacks some",
    "more": "InfluxDB has more",
    "waiting": "not all exported yet",
}

Why = Annotated[str, typer.Option("--why", metavar="WORDS", help="Why; kept in the audit.")]
Since = Annotated[str, typer.Option(metavar="TIME", help="A time, or 7d for a week ago.")]


@export.command("status")
def export_status(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Say how far InfluxDB is behind, what is the matter, and what to do."""
    with _or_refuse():
        stands = Local.of(config).get("export")
    if as_json:
        typer.echo(json.dumps(stands, indent=2))
        return
    if stands["is_configured"]:
        rows = [{"what": name.replace("_", " "), "is": _figure(stands[name])} for name in _SHOWN]
        show.rows(rows, ("what", "is"), as_json=False, nothing="")
    else:
        typer.echo("nothing is exported: influx.url is not set")
    for matter in stands["matters"]:
        typer.echo(f"\n{matter['what']}\n      → {matter['do']}")


@export.command("rewind")
def export_rewind(
    since: Annotated[
        str, typer.Option(metavar="TIME", help="What is since then; 7d for a week ago.")
    ] = "",
    to: Annotated[
        int | None,
        typer.Option(
            "--to", metavar="SEQ", min=1, help="From this record on; 1 for all there are."
        ),
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Send again what InfluxDB lost; what it has stays as it is, and nothing is doubled."""
    if bool(since) == (to is not None):
        raise typer.BadParameter("give --since or --to, one of them")
    asked: dict[str, Any] = {"from_seq": to}
    if since:
        asked = {"since_at": instant(since, datetime.now(UTC)).isoformat()}
    with _or_refuse():
        typer.echo(Local.of(config).post("export", "rewind", **asked))


@export.command("verify")
def export_verify(
    since: Since = "7d",
    every: Annotated[bool, typer.Option("--all", help="Show the days that agree too.")] = False,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Compare journal and tables with InfluxDB, day by day (UTC). Writes nothing.

    Exit status 0: all days agree, or are not all exported yet; 1: some differ; 3: not compared.
    """
    from gateway.cli.export_local import compared

    now = datetime.now(UTC)
    days = compared(config, instant(since, now), now, NOT_COMPARED)
    differs = [each for each in days if each["verdict"] in ("lacks", "more")]
    shown = days if every or as_json else [each for each in days if each["verdict"] != "same"]
    rows = [each if as_json else each | {"verdict": VERDICTS[each["verdict"]]} for each in shown]
    columns = ("day", "measurement", "here", "there", "waiting", "verdict")
    show.rows(rows, columns, as_json=as_json, nothing=f"the same on all {_span(days)}")
    if differs and not as_json:
        first = min(each["day"] for each in differs)
        typer.echo(f"\nSend it again: `menshen export rewind --since {first}T00:00+00:00`")
        if any(each["verdict"] == "more" for each in differs):
            typer.echo("Where InfluxDB has more: see docs/export.md, *What verify compares*")
    raise typer.Exit(DIFFERS if differs else 0)


@export.command("refused")
def export_refused(
    retry: Annotated[bool, typer.Option("--retry", help="Offer them to InfluxDB again.")] = False,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """List the lines that InfluxDB refused, and why."""
    with _or_refuse():
        gateway = Local.of(config)
        if retry:
            done = gateway.exchange(
                "POST", ("export", "retry"), json=None, timeout=RETRY_WITHIN_S
            ).json()
            typer.echo(done["text"])
            return
        lines = gateway.every("export", "refused")
    columns = ("at", "bucket", "measurement", "why")
    show.rows(lines, columns, as_json=as_json, nothing="InfluxDB refused nothing")


@export.command("prepare")
def export_prepare(
    admin_token: Annotated[
        Path, typer.Option("--admin-token", metavar="FILE", help="Holds a token that may all.")
    ],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Make buckets that forget in time and, in InfluxDB 2, tokens for gateway and Grafana.

    Once more it sets how long buckets keep what they have, and leaves tokens as they are.
    """
    from gateway.cli.export_local import prepared

    done = prepared(config, admin_token)
    typer.echo(f"InfluxDB {done.version}: {', '.join(done.databases)}")
    for token in done.tokens:
        typer.echo(f"{'wrote' if token.is_new else 'kept '}  {token.path}  ({token.what})")
    if not done.tokens:
        typer.echo("Grant the gateway's user ALL on these databases, and Grafana's READ.")


@export.command("homes")
def export_homes(why: Why, config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Tell which key in InfluxDB is which home; the audit keeps who asked, and why."""
    with _or_refuse():
        found = Local.of(config).make("export", "homes", why=why)["homes"]
    columns = ("key", "house_code", "watch")
    show.rows(found, columns, as_json=as_json, nothing="no home is under an order")


@contextmanager
def _or_refuse() -> Iterator[None]:
    try:
        yield
    except RefusedError as error:
        raise refuse(error) from None


def _figure(value: Any) -> Any:
    """Return a figure as people read it."""
    if isinstance(value, float):
        return f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value


def _span(days: list[dict[str, Any]]) -> str:
    return f"{len({each['day'] for each in days})} days"
