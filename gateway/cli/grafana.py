"""`menshen grafana`: dashboards and alert rules, as files or straight into a remote Grafana."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from gateway.cli.options import DEFAULT_CONFIG, Config

grafana = typer.Typer(
    name="grafana", help="Dashboards and alert rules for Grafana.", no_args_is_help=True
)

Timezone = Annotated[
    str | None,
    typer.Option(help="Zone of the homes, in which times are shown; Asia/Shanghai if left out."),
]


@grafana.command("write")
def write(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files are to stand.")],
    timezone: Timezone = None,
    token_at: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Where Grafana finds the read token of InfluxDB."),
    ] = None,
) -> None:
    """Write dashboards, data sources and alert rules as files that Grafana reads at its start."""
    from gateway.cli.local import refuse
    from gateway.grafana import files
    from gateway.grafana.board import TIMEZONE

    zone = _zone(timezone or TIMEZONE)
    try:
        changed = files.write(directory, zone, token_at or files.TOKEN_AT)
    except OSError as error:
        raise refuse(error) from None
    for path in changed:
        typer.echo(f"wrote  {path}")
    if not changed:
        typer.echo("all of it was there already")


@grafana.command("provision")
def provision(
    url: Annotated[str, typer.Option(help="Address of Grafana.")],
    token_file: Annotated[
        Path, typer.Option(help="A file that holds a service account's token (Admin) alone.")
    ],
    influx_token_file: Annotated[
        Path,
        typer.Option(help="A file that holds a token which may read the buckets, and no more."),
    ],
    influx_url: Annotated[
        str | None,
        typer.Option(help="InfluxDB as Grafana reaches it; `influx.url` if left out."),
    ] = None,
    bucket: Annotated[
        str | None, typer.Option(help="What its buckets begin with; `influx.bucket` if left out.")
    ] = None,
    language: Annotated[
        Literal["zh", "en"] | None, typer.Option(help="Of the dashboards; both, if left out.")
    ] = None,
    timezone: Timezone = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Bring a remote Grafana to what this version shows; may be repeated, changes nothing else."""
    from gateway.cli.local import refuse
    from gateway.config import read_secret
    from gateway.grafana.board import TIMEZONE
    from gateway.grafana.provision import RemoteError, Wanted
    from gateway.grafana.provision import provision as bring
    from gateway.grafana.remote import ByClient, NotInstalledError
    from gateway.settings import SettingsError

    try:
        influx_url, bucket = _influx(influx_url, bucket, config)
        wanted = Wanted(
            influx_url=influx_url,
            bucket=bucket,
            token=read_secret(influx_token_file),
            languages=(language,) if language else ("zh", "en"),
            timezone=_zone(timezone or TIMEZONE),
        )
        for step in bring(ByClient(url, read_secret(token_file)), wanted):
            typer.echo(f"{step.became:<8} {step.kind:<12} {step.name}")
    except (SettingsError, RemoteError, NotInstalledError) as error:
        raise refuse(error) from None


def _influx(url: str | None, bucket: str | None, config: Path) -> tuple[str, str]:
    """Return what was said, or what the configuration says. Raises `SettingsError`."""
    from gateway.config import load
    from gateway.settings import SettingsError

    if url and bucket:
        return url, bucket
    set_there = load(config).influx
    if not (url or set_there.url):
        raise SettingsError("no InfluxDB to show: set influx.url, or say --influx-url")
    return url or set_there.url, bucket or set_there.bucket


def _zone(name: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError):
        raise typer.BadParameter(f"{name!r} is no time zone; write it like Asia/Shanghai") from None
