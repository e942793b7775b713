"""The commands of `menshen`. Each imports what it needs itself, so that `--help` is quick."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from gateway.cli.options import DEFAULT_CONFIG, Config, Json

app = typer.Typer(
    name="menshen",
    help="A gateway that watches over homes under isolation.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback with values would show what is personal
)


@app.command()
def run(config: Config = DEFAULT_CONFIG) -> None:
    """Run the gateway until it is stopped."""
    import os

    from gateway.cli.local import refuse
    from gateway.config import load
    from gateway.settings import SettingsError

    try:
        load(config)
    except SettingsError as error:
        raise refuse(error) from None
    # A fresh image of this process: what the command line needed is memory the gateway does not.
    # Few arenas: each thread would keep a heap of its own, and give nothing back.
    environment = {"MALLOC_ARENA_MAX": "2", **os.environ}
    os.execve(sys.executable, [sys.executable, "-m", "gateway", str(config)], environment)  # noqa: S606  # ourselves


@app.command()
def init(
    config: Config = DEFAULT_CONFIG,
    tls: Annotated[
        bool, typer.Option("--tls", help="Make an authority and its certificates too.")
    ] = False,
    name: Annotated[
        list[str] | None,
        typer.Option(help="With --tls: a host name or address by which this machine is reached."),
    ] = None,
) -> None:
    """Write a configuration, an example of homes, keys, a token; never over anything."""
    from gateway.cli.local import refuse
    from gateway.init import init as write
    from gateway.privacy import KeyStoreError
    from gateway.settings import SettingsError

    try:
        written = write(config, name or () if tls else None)
    except (SettingsError, KeyStoreError, OSError) as error:
        raise refuse(error) from None
    for file in written:
        typer.echo(f"{'wrote' if file.is_new else 'kept '}  {file.path}  ({file.what})")
    typer.echo("Next: edit both files, then `menshen doctor`, then `menshen run`.")


@app.command()
def doctor(
    config: Config = DEFAULT_CONFIG,
    mosquitto_conf: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The broker's configuration, if it is here.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Look at each outside part, and say what to do about what is wrong. Changes nothing."""
    from gateway.cli.report import print_advice

    raise typer.Exit(asyncio.run(print_advice(config, mosquitto_conf, as_json=as_json)))


@app.command()
def replay(
    since: Annotated[str, typer.Option(metavar="TIME", help="A time, or 7d for a week ago.")],
    policy: Annotated[Path, typer.Option(metavar="FILE", help="A file with [policy] tables.")],
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Say what would have been sent since then under another policy. Writes nothing."""
    from gateway.cli.report import print_replay

    raise typer.Exit(print_replay(config, since, policy, as_json=as_json))


@app.command()
def decode(
    topic: Annotated[str | None, typer.Option(help="The topic the payload came on.")] = None,
    retained: Annotated[bool, typer.Option("--retained", help="It was the broker's copy.")] = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Read lines of JSON instead.")] = False,
) -> None:
    """Say what a payload on standard input means."""
    from gateway.cli.decode import main as decode_main

    raise typer.Exit(decode_main(topic, retained, jsonl, sys.stdin.buffer, sys.stdout))


@app.command()
def demo(
    scenario: Annotated[str, typer.Argument(help="A scenario, or a file of one.")] = "street",
    broker: Annotated[
        Literal["mosquitto", "embedded"] | None,
        typer.Option(help="Which broker; mosquitto where it is installed, if left out."),
    ] = None,
    speed: Annotated[
        float | None, typer.Option(min=0.1, help="How many times faster than life.")
    ] = None,
    for_s: Annotated[
        float | None, typer.Option("--for", metavar="SECONDS", min=1, help="End after this long.")
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="One line an event, no picture.")] = False,
) -> None:
    """Watch a simulated street: real messages, real decisions, real texts to simulated phones."""
    from gateway.broker import BrokerError
    from gateway.cli.local import refuse
    from gateway.demo.play import Wanted, main
    from gateway.demo.simulator import SimulatorError
    from gateway.serve import PortTakenError

    try:
        status = main(Wanted(scenario, broker, speed, for_s, plain))
    except (BrokerError, SimulatorError, PortTakenError) as error:
        raise refuse(error) from None
    raise typer.Exit(status)


pdu = typer.Typer(help="Texts as a modem sees them.", no_args_is_help=True)


@pdu.command("encode")
def pdu_encode(
    number: str,
    text: str,
    ref: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="What ties its parts together; random if left out."),
    ] = None,
    wide: Annotated[bool, typer.Option("--wide", help="Write that in 16 bits.")] = False,
) -> None:
    """Print a line of hex for each part of a text."""
    from gateway.cli import pdu as codec
    from gateway.cli.local import refuse

    try:
        parts = codec.encode(number, text, ref=ref, ref_bits=16 if wide else 8)
    except codec.PduError as error:
        raise refuse(error, 2) from None
    typer.echo("\n".join(parts))


@pdu.command("decode")
def pdu_decode(parts: Annotated[list[str], typer.Argument(metavar="HEX...")]) -> None:
    """Print the message whose parts are given, as one JSON object."""
    import json

    from gateway.cli import pdu as codec
    from gateway.cli.local import refuse

    try:
        decoded = codec.decode(parts)
    except codec.PduError as error:
        raise refuse(error, 2) from None
    typer.echo(json.dumps(decoded, ensure_ascii=False))


app.add_typer(pdu, name="pdu")


def _add_people() -> None:
    from gateway.cli import people
    from gateway.cli.sms import sms

    app.add_typer(people.incident, name="incident")
    app.add_typer(people.permit, name="permit")
    app.add_typer(people.silence, name="silence")
    app.add_typer(people.home, name="home")
    app.add_typer(sms, name="sms")


def _add_access() -> None:
    from gateway.cli import broker, devices

    app.add_typer(devices.device, name="device")
    app.add_typer(broker.bridge, name="bridge")
    app.add_typer(broker.broker, name="broker")
    app.add_typer(broker.tls, name="tls")


def _add_accounts() -> None:
    from gateway.cli import accounts, audit

    app.add_typer(accounts.account, name="account")
    app.add_typer(audit.audit, name="audit")


def _add_release() -> None:
    from gateway.cli import devices, people, release

    release.mount(app, people.home, devices.device)


_add_people()
_add_access()
_add_accounts()


def _add_registry() -> None:
    from gateway.cli.registry import registry

    app.add_typer(registry, name="registry")


_add_registry()
_add_release()


def _add_stack() -> None:
    from gateway.cli.stack import backup, stack

    app.add_typer(stack, name="stack")
    app.add_typer(backup, name="backup")


_add_stack()


def _add_export() -> None:
    from gateway.cli.export import export

    app.add_typer(export, name="export")


_add_export()


def _add_grafana() -> None:
    from gateway.cli.grafana import grafana

    app.add_typer(grafana, name="grafana")


_add_grafana()


def _add_report() -> None:
    from gateway.cli.reports import report

    app.add_typer(report, name="report")


_add_report()
