"""Writes what a new gateway needs, and never over anything that is there."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib import resources
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from gateway.config import Config, load, settings
from gateway.privacy import KeyStore, write_private
from gateway.settings import Setting, SettingsError

HEAD = """\
# Menshen. Every setting with its default; take away the `#` before one to change it.
# An unknown or wrong setting is an error that says what was meant. Check with: menshen doctor
"""


BROKER_PASSWORD = "broker-password"  # noqa: S105  # a file's name
"""The gateway's own, on a broker whose accounts it keeps."""


class Written(NamedTuple):
    """One file, and whether it is new."""

    path: Path
    is_new: bool
    what: str


def init(config_file: Path, names: Sequence[str] | None = None) -> list[Written]:
    """Write configuration, homes example, data directory, keys and token where absent.

    `names`, where given, asks for certificates too: of this machine, beside loopback. Raises
    `SettingsError` where a configuration is there already and cannot be used, or a name is none.
    """
    config_file.parent.mkdir(parents=True, exist_ok=True)
    done = [write_new(config_file, example_config(), "configuration, every setting explained")]
    config = load(config_file)
    homes = resources.files("gateway").joinpath("examples/homes.toml").read_text(encoding="utf-8")
    done.append(write_new(config.homes_file, homes, "homes, teams and devices: an example to edit"))
    done += init_data(config)
    return done if names is None else [*done, init_certificates(config, names)]


def init_data(config: Config) -> list[Written]:
    """Make the data directory, keys and token where absent."""
    config.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    token = secrets.token_urlsafe(32)
    password = secrets.token_urlsafe(24)
    return [
        _keys(config),
        write_new(config.token_file, f"{token}\n", "token of the local API"),
        write_new(config.data_dir / BROKER_PASSWORD, f"{password}\n", "for mqtt.password_file"),
    ]


def example_config(chosen: Mapping[str, str] | None = None) -> str:
    """Return a configuration in which every setting is explained and left at its default.

    `chosen`, by key such as `web.port`, are set instead, to values as they stand in the file. A
    kind of channel that must be told something has no such form, and is left to docs/settings.md.
    Raises `SettingsError` for a chosen setting that there is none of.
    """
    parts, left = [HEAD], dict(chosen or {})
    for table, alike in groupby(settings(), key=lambda setting: setting.key.rpartition(".")[0]):
        entries = list(alike)
        if not all(entry.default for entry in entries):
            continue
        parts.append(_channel(table, entries) if "[]" in table else _table(table, entries, left))
    if left:
        raise SettingsError(f"there is no setting {', '.join(left)}")
    return "\n".join(parts)


def _table(table: str, entries: list[Setting], chosen: dict[str, str]) -> str:
    return "\n".join([f"[{table}]", *_explained(entries, chosen)]) + "\n"


def _channel(table: str, entries: list[Setting]) -> str:
    """Render one kind of channel; the console alone is in use until somebody has a modem."""
    name, _, kind = table.partition("[]")
    kind = kind.strip("()")
    mark = "" if kind == "console" else "# "
    head = [f"{mark}[[{name}]]", f'{mark}kind = "{kind}"']
    return "\n".join([*head, *_explained(entries, {})]) + "\n"


def _explained(entries: list[Setting], chosen: dict[str, str]) -> Iterator[str]:
    """Explain settings, taking away from `chosen` what is set."""
    for what, alike in groupby(entries, key=lambda setting: setting.what):
        yield f"# {what}"
        for entry in alike:
            key, value = entry.key.rpartition(".")[2], chosen.pop(entry.key, None)
            yield f"# {key} = {entry.default}" if value is None else f"{key} = {value}"


def _keys(config: Config) -> Written:
    is_new = not config.keys_file.exists()
    if is_new:
        KeyStore.create(config.keys_file)
    return Written(config.keys_file, is_new, "keys of what is encrypted: keep a copy elsewhere")


def init_certificates(config: Config, names: Sequence[str]) -> Written:
    """Make an authority, and certificates of broker and web page, where there is none."""
    from gateway import tls

    is_new, now = not tls.is_made(config.tls_dir), datetime.now(UTC)
    if is_new:
        tls.create(config.tls_dir, config.gateway.name, names, now)
    elif not all((config.tls_dir / server).exists() for server in tls.SERVERS):
        tls.renew(config.tls_dir, now, names)  # whoever made the authority was cut short
    shown = tls.look(config.tls_dir).fingerprint
    return Written(config.tls_dir, is_new, f"certificates; the authority's is {shown}")


def write_new(path: Path, text: str, what: str, mode: int = 0o600) -> Written:
    """Write a file unless it is there."""
    is_new = not path.exists()
    if is_new:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, text.encode(), mode)
    return Written(path, is_new, what)
