"""The InfluxDB that the settings name."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path

import httpx

from gateway.config import Config, read_secret
from gateway.export.influx import ANSWER_WITHIN_S, Influx
from gateway.settings import SettingsError


def reach(config: Config, token: str | None = None, timeout_s: float = ANSWER_WITHIN_S) -> Influx:
    """Return the InfluxDB of the settings, with a token other than the gateway's own if given.

    The gateway's own is read anew for each request: it is made after the gateway's first start, and
    a lost one is replaced, without starting the gateway anew. Raises `SettingsError` where there is
    no InfluxDB, and for an address or an authority's file that cannot be used.
    """
    settings = config.influx
    if not settings.url:
        raise SettingsError("nothing is exported: set influx.url")
    own = config.path(settings.token_file) if settings.token_file else None
    ca_file = config.path(settings.ca_file) if settings.ca_file else None
    given = partial(_read, own) if token is None else token
    try:
        return Influx(settings.url, settings.org, settings.bucket, given, ca_file, timeout_s)
    except httpx.InvalidURL as error:
        raise SettingsError(f"influx.url: {settings.url}: {error}") from None


def _read(token_file: Path | None) -> str:
    """Return the token; "" where there is none: InfluxDB then says so itself."""
    found = ""
    with suppress(SettingsError):
        found = read_secret(token_file) if token_file else ""
    return found if found.isascii() else ""  # no header can hold it
