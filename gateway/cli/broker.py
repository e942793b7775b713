"""`menshen bridge | broker | tls`: accounts of bridges, the broker's files, and certificates."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import show
from gateway.cli.local import Local, RefusedError, refuse
from gateway.cli.options import DEFAULT_CONFIG, As, Config, Json

bridge = typer.Typer(help="Accounts of bridges, for devices of other makes.", no_args_is_help=True)
broker = typer.Typer(help="The broker's files.", no_args_is_help=True)
tls = typer.Typer(help="Certificates of the gateway's own authority.", no_args_is_help=True)

Bridge = Annotated[str, typer.Argument(metavar="BRIDGE", help="Its name.")]


@bridge.command("add")
def bridge_add(
    name: Bridge,
    topic: Annotated[list[str], typer.Option(metavar="BASE", help="A base topic of its own.")],
    actor: As,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Make the account of a bridge, confined to its base topics. The password is shown once."""
    try:
        made = Local.of(config).make("broker", "bridges", bridge=name, bases=topic, actor=actor)
    except RefusedError as error:
        raise refuse(error) from None
    show.rows(made["credentials"], ("owner", "user", "password"), as_json=False, nothing="")
    typer.echo(f"{made['text']}. No password is shown again.")


@bridge.command("list")
def bridge_list(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """List bridges, and what each may write."""
    try:
        found = Local.of(config).every("broker", "bridges")
    except RefusedError as error:
        raise refuse(error) from None
    columns = ("owner", "user", "standing", "bases", "made_at", "made_by", "revoked_at")
    show.rows(found, columns, as_json=as_json, nothing="no bridge has an account")


@bridge.command("revoke")
def bridge_revoke(name: Bridge, actor: As, config: Config = DEFAULT_CONFIG) -> None:
    """End the account of a bridge now, and cut it off."""
    try:
        typer.echo(Local.of(config).post("broker", "bridges", name, "revoke", actor=actor))
    except RefusedError as error:
        raise refuse(error) from None


@broker.command("sync")
def sync(actor: As, config: Config = DEFAULT_CONFIG) -> None:
    """Write the broker's files anew where they differ from the accounts, and have them read."""
    try:
        typer.echo(Local.of(config).post("broker", "sync", actor=actor))
    except RefusedError as error:
        raise refuse(error) from None


@tls.command("show")
def tls_show(config: Config = DEFAULT_CONFIG) -> None:
    """Show the authority's fingerprint, for comparing it on a phone, and when certificates end."""
    from gateway.config import load
    from gateway.provisioning.authority import AuthorityError
    from gateway.settings import SettingsError
    from gateway.tls import look

    try:
        shown = look(load(config).tls_dir)
    except (SettingsError, AuthorityError) as error:
        raise refuse(error) from None
    typer.echo(f"fingerprint  {shown.fingerprint}")
    typer.echo(f"names        {', '.join(shown.names) or 'loopback alone'}")
    typer.echo(f"ends         {shown.ends_at.astimezone():%Y-%m-%d}")


@tls.command("renew")
def tls_renew(
    actor: As,
    name: Annotated[
        list[str] | None,
        typer.Option(help="A host name or address of this machine; as before if left out."),
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Make the certificates of broker and web page anew, and have both use them."""
    from gateway.config import load
    from gateway.provisioning.authority import AuthorityError
    from gateway.settings import SettingsError
    from gateway.tls import keep_others, renew

    try:
        settings, now = load(config), datetime.now(UTC)
        written: list[Path] = renew(settings.tls_dir, now, name or None)
        written += keep_others(settings, now)
    except (SettingsError, AuthorityError, OSError) as error:
        raise refuse(error) from None
    for path in written:
        typer.echo(f"wrote {path}")
    try:
        typer.echo(Local.of(config).post("broker", "renewed", actor=actor))
    except RefusedError as error:
        typer.echo(f"{error}; broker and web page use them once they start anew")
