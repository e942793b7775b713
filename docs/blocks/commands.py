"""Every command and option, from the command line's own tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from docs.blocks.markdown import table
from gateway.cli.app import app


def commands() -> str:
    """One section a command."""
    return "\n\n".join(_section(path, command) for path, command in every_command())


def every_command() -> Iterator[tuple[str, Any]]:
    """Yield each command that does something, with the words that call it."""
    yield from _below("menshen", get_command(app))


def _below(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, command
        return
    for name, each in inner.items():
        yield from _below(f"{path} {name}", each)


def _section(path: str, command: Any) -> str:
    shown = [each for each in command.params if not getattr(each, "hidden", False)]
    arguments = [each for each in shown if each.param_type_name == "argument"]
    options = [each for each in shown if each.param_type_name == "option"]
    usage = " ".join([path, *(_argument(each) for each in arguments)])
    parts = [f"### `{usage}`", command.help or ""]
    if options:
        rows = [(_names(each), _default(each), each.help or "") for each in options]
        parts.append(table(("option", "default", "meaning"), rows))
    return "\n\n".join(parts)


def _argument(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    return name if argument.required else f"[{name}]"


def _names(option: Any) -> str:
    names = ", ".join(option.opts)
    value = "" if option.is_flag else f" {option.metavar or option.name.upper()}"
    return f"`{names}{value}`"


def _default(option: Any) -> str:
    if option.required:
        return "must be given"
    if option.is_flag or option.default in (None, ""):
        return ""
    return "your login name" if callable(option.default) else f"`{option.default}`"
