"""Looks for drift between accounts and what mosquitto reads, and at certificates. Reads only."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from gateway import tls
from gateway.config import LOOPBACK, Config
from gateway.db import Database, is_current
from gateway.doctor import local
from gateway.doctor.advice import Advice, bad, ok, warn
from gateway.provisioning.accounts import Account, load
from gateway.provisioning.authority import RENEW_BEFORE, AuthorityError
from gateway.provisioning.contents import contents
from gateway.provisioning.files import ACCESS, HEADER, PASSWORDS, read_passwords
from gateway.provisioning.witness import USER as WITNESS
from gateway.provisioning.witness import Answer, ask

PART = "broker accounts"
SYNC = "run `menshen broker sync`"
NAMED = 3
"""Users that one line names."""


def examine(config: Config, now: datetime, mosquitto_conf: Path | None = None) -> Iterator[Advice]:
    """Examine certificates, then the broker's files, and its configuration if it is here."""
    yield from _certificates(config, now)
    directory = config.broker_dir
    if directory is None:
        return
    if mosquitto_conf is not None:
        yield from _configured(mosquitto_conf, directory)
    if not directory.is_dir():
        yield bad(
            PART,
            f"{directory} does not exist",
            "make it, owned by the gateway's user, of mosquitto's group, mode 2750",
        )
        return
    yield from _rights(directory)
    if not is_current(config.database_file):
        yield warn(PART, "cannot be compared: no database of this version", "start the gateway")
        return
    try:
        yield from drift(directory, config, _accounts(config), now)
    except (DBAPIError, OSError) as error:
        yield bad(PART, f"cannot be compared: {error}", "see who may read the database")


def drift(
    directory: Path, config: Config, accounts: Sequence[Account], now: datetime
) -> Iterator[Advice]:
    """Compare what lies there with what the accounts say, and with what mosquitto was told."""
    try:
        wanted, version = contents(config, accounts, now)
    except AuthorityError:
        return  # said with the certificates
    there = {name: _content(directory / name) for name in wanted}
    found = [
        *_passwords(there[PASSWORDS], wanted[PASSWORDS].decode()),
        *_others(there, wanted),
    ]
    yield from found
    if ask(config, version) is Answer.OTHER_VERSION:
        yield bad(PART, "mosquitto has not read its files since they changed", SYNC)
    elif not found:
        let_in = sum(account.is_let_in(now) for account in accounts)
        yield ok(PART, f"{let_in} are let in")


def _passwords(content: bytes | None, wanted: str) -> Iterator[Advice]:
    if content is None:
        yield bad(PART, f"there is no {PASSWORDS}: nobody is let in", SYNC)
        return
    text = content.decode(errors="replace")
    if not text.startswith(HEADER):
        yield bad(
            PART,
            f"{PASSWORDS} was not written by Menshen, which leaves it alone",
            f"move it away, give its users accounts, and {SYNC}",
        )
        return
    there, right = read_passwords(text), read_passwords(wanted)
    for each in (there, right):
        each.pop(WITNESS, None)  # another one in each version
    if extra := sorted(there.keys() - right.keys()):
        yield bad(PART, f"{_named(extra)} let in without an account", SYNC)
    if lacking := sorted(right.keys() - there.keys()):
        yield bad(PART, f"{_named(lacking)} not let in, with an account", SYNC)
    if changed := sorted(user for user in there.keys() & right if there[user] != right[user]):
        yield bad(PART, f"{_named(changed)} with another password than was made", SYNC)


def _others(there: Mapping[str, bytes | None], wanted: Mapping[str, bytes]) -> Iterator[Advice]:
    for name in sorted(wanted.keys() - {PASSWORDS}):
        if there[name] != wanted[name]:
            how = "does not say what the accounts do" if name == ACCESS else "is not ours as it is"
            what = "is missing" if there[name] is None else f"{how}: edited by hand?"
            yield bad(PART, f"{name} {what}", SYNC)


def _rights(directory: Path) -> Iterator[Advice]:
    """Look at who else may read what only mosquitto should."""
    group = directory.stat().st_gid
    for path in (directory, *sorted(directory.iterdir())):
        found = path.stat()
        if stat.S_IMODE(found.st_mode) & 0o007 and path.name != tls.AUTHORITY:
            yield bad(PART, f"{path} is open to other users", f"chmod o= {path}")
        if found.st_gid != group:
            yield bad(
                PART,
                f"{path} is not of the directory's group: mosquitto cannot read it again",
                f"chgrp {group} {path}; chmod g+s {directory}",
            )


def _certificates(config: Config, now: datetime) -> Iterator[Advice]:
    if not tls.is_made(config.tls_dir):
        if config.web.tls:
            yield bad("certificates", "web.tls is set, and there are none", "menshen init --tls")
        return
    for name in ("ca.key", *tls.SERVERS):
        yield from local.secret_file("certificates", config.tls_dir / name)
    try:
        shown = tls.look(config.tls_dir)
    except AuthorityError as error:
        yield bad("certificates", str(error), "put back the copies, or `menshen tls renew`")
        return
    left = shown.ends_at - now
    if left.total_seconds() <= 0:
        yield bad("certificates", f"ended on {shown.ends_at:%Y-%m-%d}", "menshen tls renew")
    elif left < RENEW_BEFORE:
        yield warn(
            "certificates",
            f"end in {left.days} days, and were not renewed by themselves",
            "see whether the gateway runs and its clock is right, or `menshen tls renew`",
        )
    else:
        yield ok("certificates", f"good until {shown.ends_at:%Y-%m-%d}")
    with suppress(AuthorityError):
        for path in tls.others_due(config, now):
            yield warn(
                "certificates",
                f"{path} is missing, ends soon or is for other names",
                "see that the gateway's user may write there, then `menshen tls renew`",
            )


def _configured(path: Path, directory: Path) -> Iterator[Advice]:
    """Compare mosquitto's configuration with where the accounts are written."""
    with suppress(OSError, UnicodeDecodeError):  # said by `mosquitto.examine`
        lines = list(_lines(path))
        given = dict(lines)
        for name, file in (("password_file", PASSWORDS), ("acl_file", ACCESS)):
            if given.get(name) != str(directory / file):
                yield bad(
                    "mosquitto",
                    f"{name} is {given.get(name, 'not set')}: accounts are written elsewhere",
                    f"write `{name} {directory / file}`",
                )
        for where, said in _sections(lines):
            if not said & {"use_username_as_clientid", "use_identity_as_username"}:
                yield warn(
                    "mosquitto",
                    f"listener {where}: a device may end the session of any other client",
                    f"write `use_username_as_clientid true` below `listener {where}`",
                )


def _sections(lines: Sequence[tuple[str, str]]) -> Iterator[tuple[str, set[str]]]:
    """Yield each listener that the network reaches, with what is switched on for it."""
    where, said = "", set[str]()
    for name, value in (*lines, ("listener", "")):
        if name == "listener":
            if where and not LOOPBACK & set(where.split()[1:]):
                yield where, said
            where, said = value, set()
        elif value == "true":
            said.add(name)


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        name, _, value = line.strip().partition(" ")
        if name == "include_dir":
            for included in sorted(Path(value.strip()).glob("*.conf")):
                yield from _lines(included)
        elif name and not name.startswith("#"):
            yield name, value.strip()


def _accounts(config: Config) -> list[Account]:
    database = Database(config.database_file)
    try:
        with database.read() as connection:
            return load(connection)
    finally:
        database.close()


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _named(users: Sequence[str]) -> str:
    more = f" and {len(users) - NAMED} more" if len(users) > NAMED else ""
    return f"{', '.join(users[:NAMED])}{more}:"
