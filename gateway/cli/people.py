"""`menshen incident | permit | silence | home`: what people ask of a running gateway."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from alerts.model import ENDS_BY_ITSELF, Cause
from gateway.cli import show
from gateway.cli.local import Local, RefusedError, refuse
from gateway.cli.options import DEFAULT_CONFIG, As, Config, Json, duration, instant

incident = typer.Typer(help="Look at incidents and deal with them.", no_args_is_help=True)
permit = typer.Typer(help="Announced openings.", no_args_is_help=True)
silence = typer.Typer(help="Record, but tell nobody.", no_args_is_help=True)
home = typer.Typer(help="What is known of homes.", no_args_is_help=True)

Ref = Annotated[str, typer.Argument(metavar="NUMBER", help="Its four digits, or its id.")]
For = Annotated[str, typer.Option("--for", metavar="DURATION", help="How long, e.g. 30m or 2h.")]
From = Annotated[str, typer.Option("--from", metavar="TIME", help="From when; now if left out.")]
Home = Annotated[str, typer.Argument(help="House code, or the address as in texts.")]

INCIDENT_COLUMNS = (
    "number",
    "state",
    "severity",
    "level",
    "headline",
    "address",
    "since_at",
    "next_at",
)
HOME_COLUMNS = ("address", "standing", "doors_open", "missing", "unknown_since", "ends_at")
PERMIT_COLUMNS = (
    "id",
    "address",
    "from_at",
    "until_at",
    "purpose",
    "granted_by",
    "asked_by",
    "is_in_force",
)
SILENCE_COLUMNS = ("id", "subject", "from_at", "until_at", "by", "why", "is_in_force")


def _ask(config: Config, *path: str, **query: str) -> Any:
    try:
        return Local.of(config).get(*path, **query)
    except RefusedError as error:
        raise refuse(error) from None


def _list(config: Config, *path: str, **query: str) -> Any:
    try:
        return Local.of(config).every(*path, **query)
    except RefusedError as error:
        raise refuse(error) from None


def _act(config: Config, *path: str, **body: Any) -> None:
    try:
        typer.echo(Local.of(config).post(*path, **body))
    except RefusedError as error:
        raise refuse(error) from None


def _span(from_: str, for_: str) -> dict[str, str]:
    now = datetime.now(UTC)
    from_at = instant(from_, now) if from_ else now - timedelta(seconds=1)
    until_at = (from_at if from_ else now) + duration(for_)
    return {"from_at": from_at.isoformat(), "until_at": until_at.isoformat()}


# ---- incident ----


@incident.command("list")
def incident_list(
    config: Config = DEFAULT_CONFIG,
    reviewed: Annotated[bool, typer.Option("--all", help="Reviewed ones too.")] = False,
    as_json: Json = False,
) -> None:
    """List incidents that are not reviewed yet."""
    found = _list(config, "incidents", reviewed=str(reviewed).lower())
    show.rows(found, INCIDENT_COLUMNS, as_json=as_json, nothing="no incident is open")


@incident.command("show")
def incident_show(ref: Ref, config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """Show one incident: what was found by which device, every step, and every text."""
    found = _ask(config, "incidents", ref)
    if as_json:
        show.rows(found, (), as_json=True, nothing="")
        return
    for key in (*INCIDENT_COLUMNS, "team", "cause", "resolved_by", "id"):
        if value := show.cell(found[key]):
            typer.echo(f"{key.replace('_', ' '):12}{value}")
    typer.echo()
    facts = ("since_at", "cleared_at", "kind", "device", "place", "part", "reason", "detail")
    show.rows(found["conditions"], facts, as_json=False, nothing="")
    typer.echo()
    steps = ("decided_at", "from", "to", "reason", "actor", "detail")
    show.rows(found["transitions"], steps, as_json=False, nothing="")
    typer.echo()
    fate = ("state", "end_reason", "instead", "channel")
    texts = ("created_at", "contact", "kind", *fate, "reason", "text")
    show.rows(found["notices"], texts, as_json=False, nothing="no text was sent")


@incident.command("ack")
def incident_ack(ref: Ref, actor: As, config: Config = DEFAULT_CONFIG) -> None:
    """Report in: take the incident."""
    _act(config, "incidents", ref, "ack", actor=actor)


@incident.command("onsite")
def incident_onsite(ref: Ref, actor: As, config: Config = DEFAULT_CONFIG) -> None:
    """Say that somebody is there."""
    _act(config, "incidents", ref, "onsite", actor=actor)


PERSONS_CAUSE = [cause.value for cause in Cause if cause not in ENDS_BY_ITSELF]


def _cause(written: str) -> str:
    if written not in PERSONS_CAUSE:
        raise typer.BadParameter(f"give one of {', '.join(PERSONS_CAUSE)}")
    return written


@incident.command("resolve")
def incident_resolve(
    ref: Ref,
    actor: As,
    cause: Annotated[
        str,
        typer.Option(callback=_cause, metavar="CAUSE", help=f"One of {', '.join(PERSONS_CAUSE)}."),
    ],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Say that it is dealt with, and what it was."""
    _act(config, "incidents", ref, "resolve", actor=actor, cause=cause)


@incident.command("review")
def incident_review(ref: Ref, actor: As, config: Config = DEFAULT_CONFIG) -> None:
    """Close a resolved incident, as a second person."""
    _act(config, "incidents", ref, "review", actor=actor)


@incident.command("reopen")
def incident_reopen(ref: Ref, actor: As, config: Config = DEFAULT_CONFIG) -> None:
    """Say that it was not dealt with after all."""
    _act(config, "incidents", ref, "reopen", actor=actor)


# ---- permit ----


@permit.command("list")
def permit_list(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """List permits, the latest first."""
    found = _list(config, "permits")
    show.rows(found, PERMIT_COLUMNS, as_json=as_json, nothing="no permit was granted")


@permit.command("grant")
def permit_grant(
    of: Home,
    actor: As,
    for_: For,
    purpose: Annotated[str, typer.Option(help="meal, test, medical, waste, delivery or other.")],
    from_: From = "",
    asked_by: Annotated[str, typer.Option(help="Who asked for it.")] = "",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Grant an opening of the door of one home."""
    span = _span(from_, for_)
    body = {"home": of, "purpose": purpose, "asked_by": asked_by, "actor": actor}
    _act(config, "permits", **body, **span)


@permit.command("revoke")
def permit_revoke(
    permit_id: Annotated[str, typer.Argument(metavar="ID")],
    actor: As,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Take a permit back."""
    _act(config, "permits", permit_id, "revoke", actor=actor)


# ---- silence ----


@silence.command("list")
def silence_list(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """List silences, the latest first."""
    found = _list(config, "silences")
    show.rows(found, SILENCE_COLUMNS, as_json=as_json, nothing="nothing is silenced")


@silence.command("add")
def silence_add(
    kind: Annotated[str, typer.Argument(help="home, building, bridge or device.")],
    of: Annotated[str, typer.Argument(help="Which one: house code, address or id.")],
    actor: As,
    for_: For,
    why: Annotated[str, typer.Option(help="Why nobody is to be told.")],
    from_: From = "",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Tell nobody of a home, building, bridge or device for a while. Help is always told."""
    body = {"kind": kind, "of": of, "why": why, "actor": actor}
    _act(config, "silences", **body, **_span(from_, for_))


@silence.command("end")
def silence_end(
    silence_id: Annotated[str, typer.Argument(metavar="ID")],
    actor: As,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """End a silence early."""
    _act(config, "silences", silence_id, "end", actor=actor)


# ---- home ----


@home.command("status")
def home_status(
    of: Annotated[str, typer.Argument(help="House code or address; all if left out.")] = "",
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Say what is known of each home right now."""
    found = _list(config, "homes", **({"home": of} if of else {}))
    found.sort(key=lambda each: str(each["address"]))
    show.rows(found, HOME_COLUMNS, as_json=as_json, nothing="no such home is under an order")
