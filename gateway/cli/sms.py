"""`menshen sms`: a test text to any phone, a live view of the channels, and the ledger."""

from __future__ import annotations

import csv
import json
import sys
import time
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from gateway.cli import show
from gateway.cli.local import Local, RefusedError, refuse
from gateway.cli.options import DEFAULT_CONFIG, Config, Json, instant

sms = typer.Typer(help="Texts: test, watch, count them.", no_args_is_help=True)

REPORT_WITHIN_S = 90.0
"""How long a delivery report is waited for: most come within seconds."""
ASK_EVERY_S = 0.5
WATCH_EVERY_S = 2.0

NOT_SENT, NO_REPORT, PERHAPS = 1, 3, 4
"""Exit statuses of a test: it did not go out; the network took it and said no more; nobody knows.
0 is delivered, 2 a wrong command line."""

STEPS = {
    "handed_over": "given to {channel}",
    "network_took_it": "the network took it",
    "delivered": "delivered",
}
FAILED = {
    "not_tried": "not sent",
    "failed_permanent": "failed",
    "expired": "expired",
}
LEDGER_COLUMNS = (
    *("day", "team", "channel", "texts", "parts", "cost_yuan"),
    *("delivered", "unknown", "unconfirmed", "failed"),
)


@sms.command("test")
def sms_test(
    number: Annotated[str, typer.Argument(help="A phone, such as 13912345678.")],
    channel: Annotated[
        str, typer.Option(metavar="NAME", help="Over this channel; the first that is up, else.")
    ] = "",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Send a test text now, and say when the network took it and the phone confirmed it.

    Exit status 0: delivered; 1: not sent; 3: sent, and no delivery report came; 4: it may be sent.
    """
    try:
        gateway = Local.of(config)
        begun = gateway.make("sms", "tests", number=number, channel=channel)
        status = _follow(gateway, begun)
    except RefusedError as error:
        raise refuse(error) from None
    raise typer.Exit(status)


def _follow(gateway: Local, begun: dict[str, str]) -> int:
    """Print each step as it comes; return the exit status."""
    said = 0
    until = time.monotonic() + REPORT_WITHIN_S
    while True:
        told = gateway.get("sms", "tests", begun["id"])
        steps = told.get("steps", [])
        for step in steps[said:]:
            what = STEPS[step["step"]].format(channel=begun["channel"])
            typer.echo(f"{step['after_s']:6.1f} s  {what}")
        said = len(steps)
        state = told["state"]
        if state == "delivered":
            return 0
        if state in FAILED:
            why = " ".join(filter(None, (told["reason"], told.get("detail"))))
            typer.echo(f"          {FAILED[state]}: {why}", err=True)
            return NOT_SENT
        if time.monotonic() >= until:
            return _given_up(state)
        time.sleep(ASK_EVERY_S)


def _given_up(state: str) -> int:
    if state == "sent":
        typer.echo(f"          no delivery report within {REPORT_WITHIN_S:.0f} s", err=True)
        return NO_REPORT
    typer.echo("          no answer: it may have gone out", err=True)
    return PERHAPS


@sms.command("watch")
def sms_watch(
    once: Annotated[bool, typer.Option("--once", help="Print one picture and end.")] = False,
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Watch the channels, and texts as they go out and come in. Ctrl-C ends it."""
    try:
        gateway = Local.of(config)
        if as_json:
            typer.echo(json.dumps(gateway.get("sms"), ensure_ascii=False, indent=2))
        elif once:
            _print(gateway.get("sms"))
        else:
            _watch(gateway)
    except RefusedError as error:
        raise refuse(error) from None


def _print(frame: dict[str, Any]) -> None:
    from rich.console import Console

    from gateway.cli.sms_view import picture

    # A pipe has no width: nothing is folded for the program that reads it.
    Console(highlight=False, width=None if sys.stdout.isatty() else 200).print(picture(frame))


def _watch(gateway: Local) -> None:
    """Look again and again; a gateway that stops answering is said, and looked for."""
    from rich.live import Live

    from gateway.cli.sms_view import lost, picture

    frame = gateway.get("sms")
    with Live(picture(frame), auto_refresh=False, screen=True) as live:
        try:
            while True:
                time.sleep(WATCH_EVERY_S)
                try:
                    frame = gateway.get("sms")
                    live.update(picture(frame), refresh=True)
                except RefusedError as error:
                    live.update(lost(frame, str(error)), refresh=True)
        except KeyboardInterrupt:
            return


@sms.command("ledger")
def sms_ledger(
    since: Annotated[
        str, typer.Option(metavar="TIME", help="A time, or 7d for a week ago.")
    ] = "7d",
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV for a spreadsheet.")] = False,
) -> None:
    """Say what was sent: texts, parts, cost in yuan and what became of it, by day and team."""
    since_at = instant(since, datetime.now(UTC))
    try:
        lines = Local.of(config).every("sms", "ledger", since_at=since_at.isoformat())
    except RefusedError as error:
        raise refuse(error) from None
    if as_csv:
        writer = csv.DictWriter(sys.stdout, LEDGER_COLUMNS)
        writer.writeheader()
        writer.writerows(lines)
        return
    show.rows(lines, LEDGER_COLUMNS, as_json=as_json, nothing="no text was sent since then")
