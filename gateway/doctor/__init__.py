"""`menshen doctor`: looks at each outside part and says what to do about what is wrong.

It changes nothing, takes over no session, enters no PIN and calls no heartbeat address: a call from
here would tell the watcher that a dead gateway lives.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import httpx

from gateway.clock import is_synchronised
from gateway.config import Config, load
from gateway.doctor import access, broker, channels, export, local, machine, mosquitto, pins, street
from gateway.doctor.advice import Advice, bad, ok, warn
from gateway.health import Level
from gateway.homes.file import load_file
from gateway.homes.ways import means_of
from gateway.registry.truth import is_registry_of
from gateway.settings import SettingsError
from gateway.tls import trust

ANSWER_WITHIN_S = 3.0
_WHERE = {"export": "see `menshen export status`"}
"""What says more of a part than the log does."""


async def examine(config_file: Path, mosquitto_conf: Path | None = None) -> AsyncIterator[Advice]:
    """Yield one advice after another, as each part is looked at."""
    if mosquitto_conf is not None:
        for advice in mosquitto.examine(mosquitto_conf):
            yield advice
    try:
        config = load(config_file)
    except SettingsError as error:
        yield bad("configuration", str(error), "mend it, then run `menshen doctor` again")
        return
    yield ok("configuration", str(config_file))
    for advice in chain(
        local.examine(config, is_synchronised),
        machine.examine(config),
        access.examine(config, datetime.now(UTC), mosquitto_conf),
        _homes(config),
        pins.examine(config),
        broker.examine(config),
        channels.settings(config),
        export.examine(config, datetime.now(UTC)),
    ):
        yield advice
    running = await _running(config)
    if running is not None:
        for advice in running:
            yield advice
    else:
        yield warn("gateway", "does not run", "start it with `menshen run`")
        for advice in pins.levels(config):
            yield advice
        async for advice in channels.standing(config):
            yield advice


def _homes(config: Config) -> list[Advice]:
    if is_registry_of(config):
        return []
    try:
        means = means_of(config)
    except SettingsError as error:
        return [bad("channels", str(error), "mend it: the gateway does not start with it")]
    try:
        return list(street.examine(load_file(config.homes_file, means), means))
    except SettingsError as error:
        remedy = "mend it: until then the gateway goes on with the homes it took in last, if any"
        return [bad("homes", str(error), remedy)]


async def _running(config: Config) -> list[Advice] | None:
    """Ask the running gateway, which alone may use its modems; None where none runs."""
    async with httpx.AsyncClient(
        timeout=ANSWER_WITHIN_S, trust_env=False, verify=trust(config)
    ) as client:
        try:
            body = (await client.get(f"{config.base_url}/healthz")).json()
            name, said = body["name"], body["findings"]
        except httpx.HTTPError:
            return None
        except (ValueError, KeyError, TypeError):
            return [_taken(config, "a program that is no gateway")]
        if name != config.gateway.name:
            return [_taken(config, f'the gateway "{name}"')]
        asked = await channels.as_the_gateway_says(config, client)
    found = [_finding(each) for each in said]
    if asked is None:
        return found
    return [each for each in found if not each.part.startswith("gateway: channel ")] + asked


def _finding(said: dict[str, str]) -> Advice:
    return Advice(
        Level(said["level"]),
        f"gateway: {said['part']}",
        f"{said['reason']} {said['detail']}".strip(),
        "" if said["level"] == "ok" else _WHERE.get(said["part"], "see `journalctl -u menshen`"),
    )


def _taken(config: Config, by: str) -> Advice:
    return bad(
        "gateway",
        f"{by} answers on {config.base_url}: this one cannot start there",
        "give each gateway on this machine a web.port and a gateway.name of its own",
    )
