"""Prints what the doctor found and what a replay would have sent; returns the exit status."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import typer
from sqlalchemy.exc import DBAPIError

from alerts.state import Voice
from devices.decode import decode
from devices.profile import Settings
from devices.registry import standard
from gateway.cli.options import instant
from gateway.config import load, load_policy
from gateway.db import Database
from gateway.doctor import examine
from gateway.doctor.advice import Advice
from gateway.health import Level
from gateway.privacy import KeyStore, KeyStoreError, UnreadableError
from gateway.replay import Decode, Line, Mark, replay
from gateway.settings import SettingsError

_COLOURS = {Level.OK: "green", Level.WARN: "yellow", Level.BAD: "red"}


async def print_advice(config: Path, mosquitto_conf: Path | None, *, as_json: bool) -> int:
    """Print each advice as it is found; 1 where anything is bad."""
    found: list[Advice] = []
    async for advice in examine(config, mosquitto_conf):
        found.append(advice)
        if not as_json:
            mark = typer.style(f"{advice.level:5}", fg=_COLOURS[advice.level], bold=True)
            typer.echo(f"{mark} {advice.part}: {advice.what}")
            if advice.remedy:
                typer.echo(f"      → {advice.remedy}")
    if as_json:
        typer.echo(json.dumps([asdict(advice) for advice in found], ensure_ascii=False, indent=2))
    return int(any(advice.level is Level.BAD for advice in found))


def print_replay(config_file: Path, since: str, policy_file: Path, *, as_json: bool) -> int:
    """Print what would have been sent beside what was; 1 where that cannot be said."""
    try:
        lines = _replayed(config_file, since, policy_file)
    except (SettingsError, KeyStoreError, UnreadableError, DBAPIError) as error:
        typer.echo(f"menshen: {error}", err=True)
        return 1
    if as_json:
        typer.echo(json.dumps([_plain(line) for line in lines], ensure_ascii=False, indent=2))
        return 0
    for line in lines:
        text = line.text
        local = f"{text.at.astimezone():%m-%d %H:%M:%S}"
        typer.echo(f"{line.mark} {local}  {text.contact:24} {text.text}  ({text.reason})")
    counted = Counter(line.mark for line in lines)
    typer.echo(
        f"{counted[Mark.SAME]} as sent (=), {counted[Mark.NEW]} more (+),"
        f" {counted[Mark.GONE]} fewer (-)"
    )
    return 0


def _replayed(config_file: Path, since: str, policy_file: Path) -> list[Line]:
    now = datetime.now(UTC)
    config, policy = load(config_file), load_policy(policy_file)
    if not config.database_file.exists():
        raise SettingsError(f"{config.database_file}: no such database; nothing was recorded")

    def make_decode(settings: Settings) -> Decode:
        registry = standard(settings, config.zigbee2mqtt.bases)
        return lambda topic, payload, retained: decode(topic, payload, retained, registry)

    voice = Voice(config.gateway.language, config.gateway.name)
    keys = KeyStore.open(config.keys_file)
    database = Database(config.database_file)
    try:
        with database.read() as connection:
            since_at = instant(since, now)
            return replay(connection, keys, policy, since_at, now, make_decode, voice)
    finally:
        database.close()


def _plain(line: Line) -> dict[str, str]:
    text = line.text
    return {
        "mark": line.mark.name.lower(),
        "at": text.at.isoformat(),
        "contact": text.contact,
        "kind": text.kind,
        "reason": text.reason,
        "text": text.text,
    }
