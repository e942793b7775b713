"""Makes every secret, certificate and file that a whole installation needs, and never one twice.

What is there stays as it is, so that it may run at each start; a run that was cut short is gone on
with. Nothing is asked of the network.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from gateway import tls
from gateway.config import Config, load
from gateway.db import Database
from gateway.init import Written, example_config, init_certificates, init_data, write_new
from gateway.provisioning.authority import SHARED_MODE
from gateway.provisioning.contents import contents
from gateway.provisioning.files import ACCESS, PASSWORDS
from gateway.provisioning.keeper import write
from gateway.provisioning.service import keep_own
from gateway.stack.layout import BELL, Layout

INFLUX_ADMIN_TOKEN = "influx-admin-token"  # noqa: S105  # a file's name
INFLUX_ADMIN_PASSWORD = "influx-admin-password"  # noqa: S105  # a file's name
GRAFANA_PASSWORD = "admin-password"  # noqa: S105  # a file's name
GRAFANA_KEY = "secret-key"


def create(layout: Layout, now: datetime) -> list[Written]:
    """Write what is missing; say of each file whether it is new.

    Raises `SettingsError`, `KeyStoreError`, `DatabaseError`, `KeeperError` or `OSError`.
    """
    for folder in (layout.folder, layout.broker, layout.grafana):
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
    text = example_config(layout.settings())
    done = [write_new(layout.config_file, text, "configuration, every setting explained")]
    config = load(layout.config_file)
    done += init_data(config)
    done.append(init_certificates(config, layout.certified))
    done += _secrets(config, layout)
    done += _other_certificates(config, now)
    done.append(_accounts(config, layout.broker, now))
    return done


def _secrets(config: Config, layout: Layout) -> Iterator[Written]:
    def secret(path: Path, what: str, mode: int = 0o600) -> Written:
        return write_new(path, f"{secrets.token_urlsafe(32)}\n", what, mode)

    yield secret(config.data_dir / INFLUX_ADMIN_TOKEN, "InfluxDB: may do everything")
    yield secret(config.data_dir / INFLUX_ADMIN_PASSWORD, "InfluxDB: login of `menshen`")
    yield secret(layout.grafana / GRAFANA_PASSWORD, "Grafana: login of `admin`", SHARED_MODE)
    yield secret(layout.grafana / GRAFANA_KEY, "Grafana: seals what it stores", SHARED_MODE)
    # A file that is there keeps its rights when it is written to, whatever the umask then.
    yield secret(layout.broker / BELL, "rung when mosquitto is to read its files", SHARED_MODE)


def _other_certificates(config: Config, now: datetime) -> list[Written]:
    new = tls.keep_others(config, now)
    others = [folder / tls.OTHER for folder in config.tls_others]
    return [Written(path, path in new, "certificate of another server here") for path in others]


def _accounts(config: Config, directory: Path, now: datetime) -> Written:
    """Give mosquitto its files, without which it does not start: the gateway's account alone."""
    passwords = directory / PASSWORDS
    is_new = not all((directory / name).exists() for name in (PASSWORDS, ACCESS, tls.BROKER))
    if is_new:
        database = Database(config.database_file)
        try:
            database.migrate()
            write(directory, contents(config, keep_own(config, database, now), now).files)
        finally:
            database.close()
    return Written(passwords, is_new, "accounts on the broker, beside them what each may do")
