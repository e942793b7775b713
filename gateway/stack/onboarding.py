"""Makes a fresh InfluxDB 2 ours, and gives the gateway and Grafana the tokens they need there.

A fresh one lets anybody set it up, once: it must be reachable from this machine alone until then.
May run at each start: what was done stays as it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from enum import StrEnum
from pathlib import Path

from gateway.config import Config, read_secret
from gateway.export import preparing
from gateway.export.influx import Influx, InfluxError, Verdict
from gateway.export.preparing import Prepared
from gateway.export.reaching import reach
from gateway.export.schema import Bucket
from gateway.privacy import write_private
from gateway.provisioning.authority import SHARED_MODE
from gateway.stack.create import INFLUX_ADMIN_PASSWORD, INFLUX_ADMIN_TOKEN
from gateway.stack.layout import INFLUX_TOKEN

USER = "menshen"
PATIENCE_S = 300.0
"""For its first start (ours: a Pi with a slow card takes a minute)."""
ASK_EVERY_S = 2.0


class Onboarded(StrEnum):
    """Whose this InfluxDB is."""

    NOW = "set up"
    BEFORE = "was set up before"


def prepare(config: Config, grafana: Path) -> tuple[Onboarded, Prepared]:
    """Set it up, make buckets and tokens, and lay Grafana's token into its directory.

    Raises `SettingsError`, `InfluxError`, `NotSupportedError` or `OSError`.
    """
    own = config.path(config.influx.token_file)
    token = read_secret(config.data_dir / INFLUX_ADMIN_TOKEN)
    with closing(reach(config, token)) as admin:
        onboarded = onboard(admin, config)
        if onboarded is Onboarded.NOW:  # tokens of one that was there before open nothing here
            for stale in (own, own.with_name(preparing.GRAFANA_TOKEN)):
                stale.unlink(missing_ok=True)
        prepared = preparing.prepare(admin, config.influx, config.gateway.name, own)
    _hand_over(own.with_name(preparing.GRAFANA_TOKEN), grafana / INFLUX_TOKEN)
    return onboarded, prepared


def _hand_over(made: Path, to: Path) -> None:
    token = made.read_bytes()
    if not to.exists() or to.read_bytes() != token:
        write_private(to, token, SHARED_MODE)


def onboard(
    influx: Influx,
    config: Config,
    now_s: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Onboarded:
    """Set it up with our token unless that was done; wait for it to come up.

    Raises `SettingsError`, or `InfluxError` where it does not answer in time, is no InfluxDB 2, or
    is somebody else's.
    """
    if _is_fresh(influx, now_s, sleep):
        influx.call("POST", "/api/v2/setup", json=_wanted(influx, config))
        return Onboarded.NOW
    try:
        influx.call("GET", "/api/v2/buckets", params={"limit": "1"})
    except InfluxError as error:
        if error.verdict is not Verdict.UNAUTHORIZED:
            raise
        raise InfluxError(
            Verdict.UNAUTHORIZED,
            f"{config.influx.url} was set up by somebody else: write a token that may do all there"
            f" into {config.data_dir / INFLUX_ADMIN_TOKEN}",
        ) from None
    return Onboarded.BEFORE


def _is_fresh(influx: Influx, now_s: Callable[[], float], sleep: Callable[[float], None]) -> bool:
    until = now_s() + PATIENCE_S
    while True:
        try:
            return bool(influx.call("GET", "/api/v2/setup").json()["allowed"])
        except InfluxError as error:
            if error.verdict is not Verdict.OUTAGE or now_s() >= until:
                raise
        sleep(ASK_EVERY_S)


def _wanted(influx: Influx, config: Config) -> dict[str, object]:
    return {
        "username": USER,
        "password": read_secret(config.data_dir / INFLUX_ADMIN_PASSWORD),
        "token": read_secret(config.data_dir / INFLUX_ADMIN_TOKEN),
        "org": config.influx.org,
        "bucket": influx.database(Bucket.GATEWAY),
    }
