"""`menshen stack | backup`: a whole installation, its secrets and its copies."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.local import refuse
from gateway.cli.options import DEFAULT_CONFIG, Config
from gateway.stack.layout import Kind, Layout

stack = typer.Typer(
    help="The gateway with broker, InfluxDB and Grafana: docs/deploy.md.", no_args_is_help=True
)
backup = typer.Typer(help="Copies of the database and of the keys.", no_args_is_help=True)

GRAFANA = Path("/etc/grafana/menshen")
Grafana = Annotated[
    Path, typer.Option("--grafana-dir", help="What Grafana reads; its group is Grafana's.")
]
To = Annotated[Path, typer.Option(help="Where copies of the database go.")]
KeysTo = Annotated[Path, typer.Option(help="Where keys and settings go: another medium.")]


@stack.command("init")
def stack_init(
    folder: Annotated[Path, typer.Argument(metavar="DIRECTORY", help="Configuration and data.")],
    name: Annotated[
        list[str] | None,
        typer.Option(help="A host name or address by which this machine is reached, best first."),
    ] = None,
    kind: Annotated[Kind, typer.Option(help="How the programs are run.")] = Kind.PLAIN,
    gateway: Annotated[str, typer.Option(help="The gateway's name.")] = "menshen",
    broker_dir: Annotated[
        Path, typer.Option(help="What mosquitto reads; its group is mosquitto's.")
    ] = Path("/etc/mosquitto/menshen"),
    grafana_dir: Grafana = GRAFANA,
) -> None:
    """Make every secret and certificate that is missing, and a configuration; never over any."""
    from gateway.db import DatabaseError
    from gateway.privacy import KeyStoreError
    from gateway.provisioning.keeper import KeeperError
    from gateway.settings import SettingsError
    from gateway.stack.create import create

    names = tuple(each for given in name or () for each in given.split())
    names = names or (f"{socket.gethostname().partition('.')[0]}.local",)
    layout = Layout(
        folder.absolute(), broker_dir.absolute(), grafana_dir.absolute(), names, kind, gateway
    )
    try:
        written = create(layout, datetime.now(UTC))
    except (SettingsError, KeyStoreError, DatabaseError, KeeperError, OSError) as error:
        raise refuse(error) from None
    for file in written:
        typer.echo(f"{'wrote' if file.is_new else 'kept '}  {file.path}  ({file.what})")


@stack.command("prepare")
def stack_prepare(config: Config = DEFAULT_CONFIG, grafana_dir: Grafana = GRAFANA) -> None:
    """Set up a fresh InfluxDB 2, its buckets, and the tokens of the gateway and of Grafana."""
    from gateway.config import load
    from gateway.export.influx import InfluxError, NotSupportedError
    from gateway.settings import SettingsError
    from gateway.stack.onboarding import prepare

    try:
        settings = load(config)
        onboarded, prepared = prepare(settings, grafana_dir)
    except (SettingsError, InfluxError, NotSupportedError, OSError) as error:
        raise refuse(error) from None
    typer.echo(f"{settings.influx.url} {onboarded}; buckets {', '.join(prepared.databases)}")
    for token in prepared.tokens:
        typer.echo(f"{'wrote' if token.is_new else 'kept '}  {token.path}  (token: {token.what})")


@backup.command("make")
def backup_make(to: To, keys_to: KeysTo, config: Config = DEFAULT_CONFIG) -> None:
    """Copy the database while the gateway runs, keys and settings apart; delete old copies."""
    from gateway.clock import is_synchronised
    from gateway.config import load
    from gateway.settings import SettingsError
    from gateway.stack.backup import BackupError, back_up

    try:
        settings, now = load(config), datetime.now(UTC)
        made = back_up(settings, config, to, keys_to, now, is_synchronised=is_synchronised())
    except (SettingsError, BackupError, OSError) as error:
        raise refuse(error) from None
    typer.echo(f"wrote {made}")


@backup.command("restore")
def backup_restore(
    copy: Annotated[
        Path, typer.Argument(metavar="COPY", help="A copy, or a directory: its newest copy.")
    ],
    keys: Annotated[Path, typer.Option(help="Where the keys and settings of that day are.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Put back a copy, with the keys of its day; never over a database that is there."""
    from gateway.config import load
    from gateway.privacy import write_private
    from gateway.settings import SettingsError
    from gateway.stack.backup import SETTINGS, BackupError, newest, restore

    try:
        if not config.exists() and (keys / SETTINGS).exists():
            write_private(config, (keys / SETTINGS).read_bytes())
            typer.echo(f"wrote {config}")
        found = newest(copy) if copy.is_dir() else copy
        written = restore(load(config), config, found, keys)
    except (SettingsError, BackupError, OSError) as error:
        raise refuse(error) from None
    for path in written:
        typer.echo(f"wrote {path}")
    typer.echo("Release again what was released since, revoke again what was revoked since.")
