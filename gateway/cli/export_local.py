"""What `menshen export` does without the gateway: it asks InfluxDB itself, or is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from devices.decode import decode
from devices.registry import standard
from gateway.assurance import prices_fen
from gateway.cli.local import RefusedError, refuse
from gateway.cli.reading import OnDisk, on_disk
from gateway.config import load, read_secret
from gateway.export.directory import Directory
from gateway.export.preparing import Prepared, prepare
from gateway.export.reaching import reach
from gateway.export.verdict import InfluxError, NotSupportedError
from gateway.export.verify import Compared, Sources, compare
from gateway.homes.watching import read_devices
from gateway.privacy import KeyStoreError, UnreadableError
from gateway.settings import SettingsError

OWN_TOKEN = "influx-token"  # noqa: S105 - the name of a file
"""Where the gateway's token is written if no influx.token_file says otherwise."""


def compared(
    config_file: Path, since: datetime, now: datetime, status: int
) -> list[dict[str, Any]]:
    """Return each day of each measurement; ends with this status where it cannot be compared."""
    with (
        _or_refuse(status),
        on_disk(config_file) as kept,
        closing(reach(kept.config)) as influx,
    ):
        return [_told(each) for each in compare(_sources(kept), influx, since, now)]


def prepared(config_file: Path, admin_token: Path) -> Prepared:
    """Make buckets and tokens."""
    with _or_refuse(1):
        config = load(config_file)
        own = config.path(config.influx.token_file) if config.influx.token_file else None
        with closing(reach(config, read_secret(admin_token))) as admin:
            name = config.gateway.name
            return prepare(admin, config.influx, name, own or config.data_dir / OWN_TOKEN)


def _sources(kept: OnDisk) -> Sources:
    config = kept.config
    with kept.database.read() as connection:
        _, settings = read_devices(connection)
        directory = Directory.load(connection, kept.keys, config.influx.home_names)
    registry = standard(settings, config.zigbee2mqtt.bases)
    keeps = min(config.influx.keep_days, config.influx.gateway_keep_days, config.records.keep_days)
    return Sources(
        database=kept.database,
        directory=directory,
        decode=partial(decode, registry=registry),
        gateway=config.gateway.name,
        prices_fen=prices_fen(config),
        keeps=timedelta(days=keeps),
    )


def _told(each: Compared) -> dict[str, Any]:
    return {**each._asdict(), "day": f"{each.day}", "verdict": each.verdict.value}


@contextmanager
def _or_refuse(status: int) -> Iterator[None]:
    try:
        yield
    except InfluxError as error:
        said = RefusedError(f"InfluxDB: {error.detail} ({error.verdict})")
        raise refuse(said, status) from None
    except (
        *(SettingsError, KeyStoreError, UnreadableError, NotSupportedError),
        *(DBAPIError, OSError),
    ) as error:
        raise refuse(error, status) from None
