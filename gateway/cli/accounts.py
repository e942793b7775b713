"""`menshen account`: who may log in on the gateway's pages, and what programs may read."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gateway.accounts.rights import Kind, Right, Role
from gateway.cli import show
from gateway.cli.local import Local, RefusedError, refuse
from gateway.cli.options import DEFAULT_CONFIG, Config, Json

account = typer.Typer(help="Accounts of people and of programs.", no_args_is_help=True)

Login = Annotated[str, typer.Argument(metavar="LOGIN")]
Area = Annotated[
    str, typer.Option(help="Id of the area at the top of what it sees; everything if left out.")
]

COLUMNS = (
    "login",
    "kind",
    "role",
    "area",
    "has_factor",
    "waits_for_login",
    "is_disabled",
    "tokens",
)
TOKEN_COLUMNS = ("id", "rights", "area", "created_at", "expires_at", "is_revoked")


def _ask(config: Config, *path: str) -> Any:
    try:
        return Local.of(config).every(*path)
    except RefusedError as error:
        raise refuse(error) from None


def _act(config: Config, *path: str, **body: Any) -> None:
    try:
        typer.echo(Local.of(config).post(*path, **body))
    except RefusedError as error:
        raise refuse(error) from None


@account.command("create")
def account_create(
    login: Login,
    role: Annotated[Role, typer.Option(help="What it is for.")],
    area: Area = "",
    service: Annotated[
        bool, typer.Option("--service", help="For a program: it has tokens and no password.")
    ] = False,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Create an account, and print its first password."""
    kind = Kind.SERVICE if service else Kind.PERSON
    _act(config, "accounts", login=login, role=role.value, area=area, kind=kind.value)


@account.command("list")
def account_list(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """List accounts."""
    nothing = "no account yet; `menshen account create LOGIN --role administrator` makes the first"
    show.rows(_ask(config, "accounts"), COLUMNS, as_json=as_json, nothing=nothing)


@account.command("rights")
def account_rights(
    login: Login,
    role: Annotated[Role, typer.Option(help="Its role from now on.")],
    area: Area = "",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Give an account another role or area; it is logged out everywhere."""
    _act(config, "accounts", login, "rights", role=role.value, area=area)


@account.command("disable")
def account_disable(login: Login, config: Config = DEFAULT_CONFIG) -> None:
    """End an account: it is logged out everywhere, and none of its tokens is taken."""
    _act(config, "accounts", login, "disable")


@account.command("enable")
def account_enable(login: Login, config: Config = DEFAULT_CONFIG) -> None:
    """Take a disabled account into use again."""
    _act(config, "accounts", login, "enable")


@account.command("password")
def account_password(login: Login, config: Config = DEFAULT_CONFIG) -> None:
    """Print a new first password; whoever forgot the old one changes it at the login."""
    _act(config, "accounts", login, "password")


@account.command("reset-factor")
def account_reset_factor(login: Login, config: Config = DEFAULT_CONFIG) -> None:
    """Forget the second factor of somebody whose phone and recovery codes are lost."""
    _act(config, "accounts", login, "reset-factor")


@account.command("token")
def account_token(
    login: Login,
    right: Annotated[
        list[Right] | None, typer.Option(help="A right of the new token; may be given again.")
    ] = None,
    area: Area = "",
    days: Annotated[int, typer.Option(min=1, max=366, help="Days the new token is good.")] = 90,
    revoke: Annotated[str, typer.Option(metavar="ID", help="Revoke this token instead.")] = "",
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Make a token of a program's account and print it once; without --right, list them."""
    if revoke:
        _act(config, "tokens", revoke, "revoke")
    elif right:
        rights = [each.value for each in right]
        _act(config, "accounts", login, "tokens", rights=rights, area=area, days=days)
    else:
        found = _ask(config, "accounts", login, "tokens")
        show.rows(found, TOKEN_COLUMNS, as_json=as_json, nothing="it has no token")
