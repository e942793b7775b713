"""Writes what mosquitto reads, in step with the accounts, and has it read them again.

Each file is replaced whole. Mosquitto is told where it does not know this version of them, and is
believed when it lets the witness in. On SIGHUP it keeps its connections, but for those whose user
or password is gone. A file that somebody else wrote is left alone, and said.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.config import Config
from gateway.privacy import write_private
from gateway.provisioning import witness
from gateway.provisioning.authority import SHARED_MODE
from gateway.provisioning.files import ACCESS, HEADER, PASSWORDS

PATIENCE_S = (1.0, 2.0, 4.0, 8.0)
"""How long to wait before it is told again: a SIGHUP during a reading is lost (mosquitto 2.0)."""
ASK_EVERY_S = 0.02
RELOAD_WITHIN_S = 20.0


class KeeperError(Exception):
    """The broker does not have the accounts as they are; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What one turn did."""

    changed: tuple[str, ...]  # names of files
    is_reloaded: bool


async def keep(config: Config, files: Mapping[str, bytes], version: str) -> Kept:
    """Write the files that changed, and have mosquitto read them; return once it has.

    `version` is the witness's password for these files. Raises `KeeperError` or `SettingsError`.
    """
    directory = config.broker_dir
    assert directory is not None
    changed = await asyncio.to_thread(write, directory, files)
    if not (config.broker.pid_file or config.broker.reload):
        return Kept(changed, is_reloaded=False)
    if not changed and await _knows(config, version, patience_s=0):
        return Kept((), is_reloaded=False)
    for patience_s in PATIENCE_S:
        await reload(config)
        if await _knows(config, version, patience_s):
            return Kept(changed, is_reloaded=True)
    raise KeeperError(
        f"mosquitto at {config.mqtt.host}:{config.mqtt.port} was told and does not know the"
        f" accounts: it must have `password_file {directory / PASSWORDS}` and be allowed to read it"
    )


async def _knows(config: Config, version: str, patience_s: float) -> bool:
    """Ask the witness until it is let in or patience ends."""
    loop = asyncio.get_running_loop()
    until = loop.time() + patience_s
    while True:
        answer = await asyncio.to_thread(witness.ask, config, version)
        if answer is witness.Answer.LOADED:
            return True
        if loop.time() >= until:
            break
        await asyncio.sleep(ASK_EVERY_S)
    if answer is witness.Answer.NO_ANSWER and patience_s:
        raise KeeperError(
            f"no broker answers at {config.mqtt.host}:{config.mqtt.port}; it reads the accounts"
            " when it starts"
        )
    return False


def write(directory: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Replace each file that differs; return their names. Raises `KeeperError`."""
    try:
        before = {name: _content(directory / name) for name in files}
        for name in (PASSWORDS, ACCESS):
            if before.get(name) and not before[name].startswith(HEADER.encode()):
                raise KeeperError(
                    f"{directory / name} was not written by Menshen and is left as it is; take"
                    " over what it holds, move it away, then run `menshen broker sync`"
                )
        changed = tuple(name for name, content in files.items() if before[name] != content)
        for name in changed:
            write_private(directory / name, files[name], SHARED_MODE)
    except OSError as error:
        raise KeeperError(
            f"{directory} cannot be written: {error.strerror}; it must be there, belong to the"
            " gateway's user, and to mosquitto's group"
        ) from None
    return changed


async def reload(config: Config) -> None:
    """Have mosquitto read its files again. Raises `KeeperError`."""
    if config.broker.pid_file:
        _hang_up(config.path(config.broker.pid_file))
    elif config.broker.reload:
        await _run(config.broker.reload)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _hang_up(pid_file: Path) -> None:
    try:
        written = pid_file.read_text(encoding="ascii", errors="replace").strip()
        if written.isdecimal() and int(written) > 1:
            os.kill(int(written), signal.SIGHUP)
            return
        why = "holds no process id"
    except (OSError, OverflowError) as error:
        why = _why(error)
    raise KeeperError(f"mosquitto did not hear of it: {pid_file}: {why}; see broker.pid_file")


async def _run(command: tuple[str, ...]) -> None:
    shown = " ".join(command)
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise KeeperError(
            f"mosquitto did not hear of it: `{shown}`: {_why(error)}; see broker.reload"
        ) from None
    try:
        _, said = await asyncio.wait_for(process.communicate(), RELOAD_WITHIN_S)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise KeeperError(f"`{shown}` did not end within {RELOAD_WITHIN_S:g} s") from None
    if process.returncode:
        last = said.decode(errors="replace").strip().splitlines()[-1:]
        raise KeeperError(
            f"mosquitto did not hear of it: `{shown}` ended with {process.returncode}"
            f"{': ' * bool(last)}{''.join(last)}; see broker.reload"
        )


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
