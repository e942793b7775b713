"""`menshen audit`: whether the record of who did what is whole, and where it stands.

Both read the database as it is on the disk, whether the gateway runs or not.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

import typer

from gateway.cli.local import refuse
from gateway.cli.options import DEFAULT_CONFIG, Config, Json

audit = typer.Typer(help="The record of who did what.", no_args_is_help=True)

T = TypeVar("T")

WORDS = {
    "gap": "rows were removed or inserted here",
    "not_linked": "it does not follow the row before it",
    "altered": "it was altered",
    "head_differs": "a kept head differs: what stands before it was written anew",
    "missing": "a kept head names a row that is gone: the end was cut off",
    "words_differ": "the words kept with it are not those it was made of",
}


@audit.command("verify")
def audit_verify(
    heads: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Your own copy of the heads; the gateway's if left out."),
    ] = None,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Compute the chain anew, compare it with the heads, and name the first row that fails."""
    from gateway.audit import store
    from gateway.audit.heads import read

    def look(connection: Any, keys: Any, set_up: Any) -> tuple[Any, int, int]:
        given = read(heads or set_up.audit_heads_file)
        newest = store.last(connection)
        return store.verify(connection, keys, given), newest.seq if newest else 0, len(given)

    if heads is not None and not heads.exists():
        raise refuse(FileNotFoundError(f"{heads}: no such file"), 2)
    broken, rows, compared = _looked(config, look)
    if as_json:
        first = {"seq": broken.seq, "fault": broken.fault} if broken else None
        body = {"ok": broken is None, "rows": rows, "heads": compared, "first": first}
        typer.echo(json.dumps(body, indent=2))
    elif broken:
        typer.echo(f"row {broken.seq}: {broken.fault}: {WORDS[broken.fault]}")
    else:
        typer.echo(f"whole: {rows} rows, compared with {compared} heads")
    raise typer.Exit(int(broken is not None))


@audit.command("head")
def audit_head(
    day: Annotated[str, typer.Option(metavar="DAY", help="As 2026-11-21; today if left out.")] = "",
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Print where the chain stood when a day ended: keep it where no gateway writes."""
    from gateway.audit import store

    def look(connection: Any, _keys: Any, set_up: Any) -> Any:
        timezone = set_up.policy.timezone
        today = datetime.now(UTC).astimezone(ZoneInfo(timezone)).date()
        try:
            wanted = today.fromisoformat(day) if day else today
        except ValueError:
            raise typer.BadParameter(f"{day!r} is no day; write it like {today}") from None
        return store.head(connection, min(wanted, today + timedelta(days=1)), timezone)

    head = _looked(config, look)
    if as_json:
        typer.echo(json.dumps({"day": f"{head.day}", "seq": head.seq, "hash": head.hash}))
    else:
        typer.echo(f"{head}")


def _looked(config_file: Path, look: Callable[[Any, Any, Any], T]) -> T:
    """Look at the database read-only, or say why that cannot be done."""
    from sqlalchemy.exc import DBAPIError

    from gateway.audit.heads import HeadsError
    from gateway.cli.reading import on_disk
    from gateway.privacy import KeyStoreError, UnreadableError
    from gateway.settings import SettingsError

    try:
        with on_disk(config_file) as kept, kept.database.read() as connection:
            return look(connection, kept.keys, kept.config)
    except (SettingsError, KeyStoreError, UnreadableError, HeadsError, DBAPIError) as error:
        raise refuse(error) from None
