"""`menshen release | certificate | contest`: the end of an order, and what is left to be asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli import show
from gateway.cli.local import Local, RefusedError, refuse
from gateway.cli.options import DEFAULT_CONFIG, Config, Json

certificate = typer.Typer(help="Certificates of deletion.", no_args_is_help=True)
contest = typer.Typer(help="Records that residents contest.", no_args_is_help=True)

Home = Annotated[str, typer.Argument(help="House code, or the address as in texts.")]
Why = Annotated[str, typer.Option("--why", metavar="WORDS", help="Why; kept in the audit.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="As `menshen contest list` shows it.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="The certificate, as JSON.")]

WHY_NOT = {
    "not_one": "this is no certificate",
    "other_key": "it was signed with another key than this one",
    "altered": "it was altered, or never issued",
    "other_home": "it is not about that home, or that is not its code",
}
COPIES = {
    "none": "there were none",
    "deleted": "deleted; on {on} a query found nothing any more",
    "not_proven": "to be deleted, not proven when this was issued",
}


def release(
    home: Home,
    why: Why,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who decided it.")] = "",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the certificate here too.")
    ] = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Release a home: watch it no more, free its devices, and end what was known of it."""
    from gateway.release.certificate import dump

    done = _make(config, "releases", home=home, why=why, by=by)
    typer.echo(done["text"])
    if done["code"]:
        typer.echo(f"code {done['code']}: give it to the resident; it is shown once")
    if out is not None:
        out.write_text(dump(done["certificate"]), encoding="ascii")
        typer.echo(f"wrote {out}")


def home_code(home: Home, config: Config = DEFAULT_CONFIG) -> None:
    """Make a code by which a resident sees the own record; an older one is good no more."""
    typer.echo(_make(config, "homes", home, "record-code")["text"])


def device_wiped(
    device: Annotated[str, typer.Argument(metavar="DEVICE", help="Its id.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Say that a device of a released home was reset, and may be used again."""
    typer.echo(_make(config, "freed-devices", device, "wiped")["text"])


def device_freed(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """List devices of released homes that wait to be wiped."""
    found = _list(config, "freed-devices")
    show.rows(found, ("device", "freed_at"), as_json=as_json, nothing="no device waits")


# ---- certificates ----


@certificate.command("show")
def certificate_show(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Its id.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Print a certificate as JSON, for a file."""
    from gateway.release.certificate import dump

    typer.echo(dump(_ask(config, "certificates", id_)), nl=False)


@certificate.command("verify")
def certificate_verify(
    file: File,
    key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The public key, as /certificate-key gives it."),
    ] = None,
    code: Annotated[str, typer.Option(help="The resident's code, with --home.")] = "",
    home: Annotated[str, typer.Option(metavar="HOUSECODE", help="To see that it is theirs.")] = "",
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Say whether a certificate is whole and this gateway's. Asks no gateway and no network."""
    from gateway.release import certificate as made
    from gateway.release.codes import read

    try:
        public = made.read_public(_public(key, config))
        found = made.load(file.read_bytes())
    except (OSError, ValueError) as error:
        raise refuse(error, 2) from None
    if bool(code) != bool(home) or (code and read(code) is None):
        raise refuse(ValueError("give --code and --home together, the code as it was given"), 2)
    tie = made.tie_of(read(code) or "", home) if code else None
    fault = made.why_not(found, public, tie)
    if fault is not None or not isinstance(found, dict):
        typer.echo(WHY_NOT[fault or made.Fault.NOT_ONE])
        raise typer.Exit(1)
    typer.echo(f"holds: certificate {found['id']}, signed by {made.fingerprint(public)}")
    when = found["destroyed_on"]
    typer.echo(f"released on {found['released_on']}, key {_destroyed(when)}")
    if copies := found.get("copies"):
        typer.echo(f"copies in InfluxDB: {COPIES[copies['state']].format(on=copies['on'])}")
    if code:
        typer.echo("it is about that home")


@certificate.command("key")
def certificate_key(config: Config = DEFAULT_CONFIG) -> None:
    """Print the public key by which certificates are verified, and its fingerprint."""
    from gateway.release import certificate as made

    try:
        pem = _public(None, config)
    except (OSError, ValueError) as error:
        raise refuse(error) from None
    typer.echo(pem.decode(), nl=False)
    typer.echo(made.fingerprint(made.read_public(pem)))


def _public(key: Path | None, config_file: Path) -> bytes:
    """Return the public key of a file, or of the gateway on this machine."""
    from gateway.config import load
    from gateway.release import certificate as made

    if key is not None:
        return key.read_bytes()
    path = load(config_file).signing_key_file
    if not path.exists():
        raise FileNotFoundError(f"{path}: no certificate was issued here yet; give --key FILE")
    return made.public_pem(made.signing_key(path).public_key())


def _destroyed(day: str | None) -> str:
    return f"destroyed on {day}" if day else "not destroyed yet"


# ---- contests ----


@contest.command("list")
def contest_list(config: Config = DEFAULT_CONFIG, as_json: Json = False) -> None:
    """List contests, those that wait first; nothing of them is read."""
    columns = ("id", "at", "state", "answered_at")
    show.rows(_list(config, "contests"), columns, as_json=as_json, nothing="nobody contests")


@contest.command("show")
def contest_show(id_: Id, why: Why, config: Config = DEFAULT_CONFIG) -> None:
    """Read a contest and the record it is about; who and why goes into the audit."""
    typer.echo(
        json.dumps(_make(config, "contests", id_, "open", why=why), indent=2, ensure_ascii=False)
    )


@contest.command("answer")
def contest_answer(
    id_: Id,
    answer: Annotated[str, typer.Argument(metavar="WORDS", help="What the resident will read.")],
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Answer a contest; the resident sees it by the code."""
    typer.echo(_make(config, "contests", id_, "answer", answer=answer)["text"])


def mount(app: typer.Typer, home: typer.Typer, device: typer.Typer) -> None:
    """Add these commands to those there are."""
    app.command("release")(release)
    app.add_typer(certificate, name="certificate")
    app.add_typer(contest, name="contest")
    home.command("code")(home_code)
    device.command("wiped")(device_wiped)
    device.command("freed")(device_freed)


def _ask(config: Config, *path: str) -> Any:
    try:
        return Local.of(config).get(*path)
    except RefusedError as error:
        raise refuse(error) from None


def _list(config: Config, *path: str) -> Any:
    try:
        return Local.of(config).every(*path)
    except RefusedError as error:
        raise refuse(error) from None


def _make(config: Config, *path: str, **body: Any) -> Any:
    try:
        return Local.of(config).make(*path, **body)
    except RefusedError as error:
        raise refuse(error) from None
