"""`menshen device`: accounts of devices on the broker, and labels for them."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from gateway.cli import show
from gateway.cli.local import Local, RefusedError, refuse
from gateway.cli.options import DEFAULT_CONFIG, As, Config, Json, duration

device = typer.Typer(help="Accounts of devices on the broker, and labels.", no_args_is_help=True)

Device = Annotated[str, typer.Argument(metavar="DEVICE", help="Its id.")]
Devices = Annotated[list[str] | None, typer.Argument(metavar="[DEVICE]...", help="Ids.")]
FromFile = Annotated[
    Path | None, typer.Option("--from", metavar="FILE", help="A file with one id a line.")
]
Lang = Annotated[Literal["zh", "en"], typer.Option("--lang", help="Language of the labels.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="Write labels to print, never over a file."),
]
Grace = Annotated[
    str | None,
    typer.Option(metavar="DURATION", help="How long the old one is let in; `0s`: not at all."),
]

COLUMNS = ("owner", "user", "by", "standing", "code", "made_at", "retires_at", "expires_at")
_SUFFIX_BYTES = 4


@device.command("add")
def add(
    actor: As,
    devices: Devices = None,
    from_file: FromFile = None,
    count: Annotated[int, typer.Option(min=0, help="Make up so many ids.")] = 0,
    prefix: Annotated[str, typer.Option(help="How ids that are made up begin.")] = "door-",
    out: Out = None,
    lang: Lang = "zh",
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Make accounts. Each password is shown this once: note it, or print the labels."""
    wanted = [*(devices or ()), *_ids_in(from_file)]
    wanted += [f"{prefix}{secrets.token_hex(_SUFFIX_BYTES)}" for _ in range(count)]
    if not wanted:
        raise refuse(ValueError("name devices, a file of them with --from, or --count"), 2)
    with _new_file(out):
        made = _make(config, "devices", devices=wanted, actor=actor)
        _hand_over(made, out, lang, as_json=as_json)


@device.command("rotate")
def rotate(
    name: Device,
    actor: As,
    grace: Grace = None,
    out: Out = None,
    lang: Lang = "zh",
    config: Config = DEFAULT_CONFIG,
    as_json: Json = False,
) -> None:
    """Make a new password, with a user name of its own; the old one is let in a while longer."""
    with _new_file(out):
        made = _make(config, "devices", name, "rotate", actor=actor, **_grace(grace))
        _hand_over(made, out, lang, as_json=as_json)


@device.command("certificate")
def certificate(
    name: Device,
    out: Annotated[Path, typer.Option("--out", metavar="DIRECTORY", help="Where to write it.")],
    actor: As,
    grace: Grace = None,
    config: Config = DEFAULT_CONFIG,
) -> None:
    """Make a certificate and its key, for devices that take those in place of a password."""
    certificate_file, key_file = out / f"{name}.crt", out / f"{name}.key"
    try:
        out.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise refuse(error) from None
    with _new_file(certificate_file), _new_file(key_file):
        made = _make(config, "devices", name, "certificate", actor=actor, **_grace(grace))
        (credential,) = made["credentials"]
        certificate_file.write_text(credential["certificate"], encoding="ascii")
        key_file.write_text(credential["key"], encoding="ascii")
    typer.echo(f"{made['text']}: {certificate_file}, {key_file}; user {credential['user']}")


@device.command("revoke")
def revoke(name: Device, actor: As, config: Config = DEFAULT_CONFIG) -> None:
    """End every account of a device now, and cut it off."""
    try:
        typer.echo(Local.of(config).post("broker", "devices", name, "revoke", actor=actor))
    except RefusedError as error:
        raise refuse(error) from None


@device.command("list")
def list_(
    config: Config = DEFAULT_CONFIG,
    code: Annotated[str, typer.Option(help="Only the device whose label says this.")] = "",
    as_json: Json = False,
) -> None:
    """List accounts of devices, those that are over too."""
    try:
        found = Local.of(config).every("broker", "devices", **({"code": code} if code else {}))
    except RefusedError as error:
        raise refuse(error) from None
    show.rows(found, COLUMNS, as_json=as_json, nothing="no device has an account")


@device.command("labels")
def labels(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="A file that is not there.")],
    devices: Devices = None,
    from_file: FromFile = None,
    lang: Lang = "zh",
) -> None:
    """Print labels to stick on devices: id, short code and QR code, no password."""
    from devices.provisioning import Label, NameRefusedError, require_device

    try:
        wanted = [require_device(each) for each in (*(devices or ()), *_ids_in(from_file))]
    except NameRefusedError as error:
        raise refuse(error) from None
    with _new_file(out):
        _write_sheet(out, [Label(each) for each in wanted], lang)
    typer.echo(f"{len(wanted)} labels in {out}")


def _make(config: Path, *path: str, **body: Any) -> Any:
    try:
        return Local.of(config).make("broker", *path, **body)
    except RefusedError as error:
        raise refuse(error) from None


def _hand_over(made: Any, out: Path | None, lang: Literal["zh", "en"], *, as_json: bool) -> None:
    """Show what nobody can ask for again."""
    from devices.provisioning import read_label

    found = made["credentials"]
    if out is not None:
        _write_sheet(out, [each for one in found if (each := read_label(one["label"]))], lang)
        typer.echo(f"{made['text']}; labels with passwords in {out}: destroy them after set-up")
    elif as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        show.rows(found, ("owner", "user", "password"), as_json=False, nothing="")
        typer.echo(f"{made['text']}. No password is shown again.")


def _write_sheet(out: Path, wanted: Sequence[Any], lang: Literal["zh", "en"]) -> None:
    from gateway.provisioning.labels import sheet

    out.write_text(sheet(wanted, lang), encoding="utf-8")


@contextmanager
def _new_file(path: Path | None) -> Iterator[None]:
    """Make sure of the file before anything is made that is shown once; no trace where it fails."""
    if path is None:
        yield
        return
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise refuse(error) from None
    try:
        yield
    except BaseException:
        if path.stat().st_size == 0:
            path.unlink()
        raise


def _ids_in(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise refuse(error) from None
    stripped = (line.partition("#")[0].strip() for line in lines)
    return [line for line in stripped if line]


def _grace(written: str | None) -> dict[str, float]:
    return {} if written is None else {"grace_s": duration(written).total_seconds()}
